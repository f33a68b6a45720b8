"""The tables of the file, and what finds an object of each kind again."""

from __future__ import annotations

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  kind TEXT NOT NULL, id TEXT NOT NULL, deleted TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_deleted ON object (kind, deleted, id);
CREATE TABLE IF NOT EXISTS lookup (
  kind TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, what, value, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lookup_id ON lookup (kind, id);
CREATE TABLE IF NOT EXISTS address (address TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS address_id ON address (id);
CREATE TABLE IF NOT EXISTS change (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, names TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting (
  kind TEXT NOT NULL, id TEXT NOT NULL, reads INTEGER NOT NULL, until TEXT, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assertion (jti TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mail (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""

INDEXED: dict[str, tuple[str, ...]] = {
    "user": ("userPrincipalName", "employeeId", "mailNickname", "displayName", "mail"),
    "mailbox": ("Guid", "ExchangeGuid", "Name", "Alias"),
    "application": ("appId", "uniqueName", "displayName"),
    "servicePrincipal": ("appId", "displayName"),
    "assignment": ("principalId", "resourceId"),
    "exchangePrincipal": ("AppId", "ObjectId", "DisplayName"),
    "roleAssignment": ("App", "Name"),
    "permission": ("Mailbox",),
}
"""Kind of object -> properties by whose value (without regard to case) it is found."""
