"""Microsoft Graph v1.0, as far as the toolkit uses it."""
