"""The nouns: frozen values without behaviour that needs the outside. Nothing here does I/O."""
