"""The PgQueuer entrypoints: thin, they call services and delivery."""
