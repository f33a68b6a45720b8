"""Exchange Online's admin REST surface ("InvokeCommand"), as far as the toolkit uses it (tenant-api.md 5)."""
