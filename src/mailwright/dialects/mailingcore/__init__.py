"""MailingCore's API over the same campaigns, contacts and templates (vendors.md 2)."""
