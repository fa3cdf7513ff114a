"""Typed settings, read from environment variables or a `.env` file.

The help beside each field is the manual: `mailwright doctor --settings` prints it from here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mailwright.errors import ConfigurationError

_ON_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104  # names


class Settings(BaseSettings):
    """Every setting of an installation; each has a working default."""

    model_config = SettingsConfigDict(
        env_prefix="MAILWRIGHT_", env_file=".env", extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        Path("./mailwright-data"), description="Folder of the embedded database, secrets, uploads."
    )
    database_url: SecretStr | None = Field(
        None,
        description="Any PostgreSQL 15 or newer, as postgresql://user:password@host:port/name. "
        "Unset: an embedded PostgreSQL in the data directory.",
    )
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8025, ge=0, le=65535, description="Port the HTTP server listens on.")
    public_url: str | None = Field(
        None, description="Root of the links in mail. Unset: http://HOST:PORT."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs links and seals stored secrets; 32 characters or more. "
        "Unset: made once and kept in the data directory, readable by its owner only.",
    )
    owner_email: str = Field(
        "owner@localhost", description="First owner, created on the first start only."
    )
    owner_password: SecretStr | None = Field(
        None, description="The first owner's password. Unset: made once and printed."
    )
    smtp_url: SecretStr = Field(
        SecretStr("capture:"),
        description="Transport of the default project: "
        "smtp://user:pass@host:port?tls=none|starttls|implicit&verify=on|off&connections=N&rate=N "
        "(rate in mails per second), or capture: for the built-in inbox.",
    )
    require_authenticated_domains: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Refuse senders whose domain fails SPF or DKIM. "
        "auto: on unless the transport is capture: or loopback.",
    )
    dns_servers: str | None = Field(
        None, description="Resolvers for domain checks, host[:port],… Unset: the system's."
    )
    spf_include: str | None = Field(
        None,
        description="What the SPF record of a sending domain must hold, such as "
        "include:spf.relay.example or ip4:192.0.2.1. Unset: the transport's host.",
    )
    system_email: str | None = Field(
        None,
        description="From address of invitations and password links, and of mail that asks a "
        "sender to confirm while the account has no confirmed one. "
        "Unset: no-reply@HOST of MAILWRIGHT_PUBLIC_URL.",
    )
    return_path_host: str | None = Field(
        None,
        description="Host that takes returned mail: the MX of the domains' return-path hosts. "
        "Unset: the host of MAILWRIGHT_PUBLIC_URL.",
    )
    route_outage_seconds: int = Field(
        900, ge=1, description="Seconds a transport may refuse us before its campaigns fail."
    )
    retry_first_seconds: int | None = Field(
        None,
        ge=1,
        description="Seconds until the first retry after a temporary refusal. "
        "Unset: 300 for campaigns, 60 for single mails.",
    )
    rate_limit_per_minute: int | None = Field(
        None, ge=1, description="API calls per key and minute. Unset: no limit."
    )
    trusted_proxies: str = Field(
        "", description="Addresses or networks whose X-Forwarded-For is believed, comma-separated."
    )
    allow_private_targets: Literal["on", "off"] = Field(
        "off", description="on: webhooks and fetches may reach private addresses (closed networks)."
    )
    inbox_keep: int = Field(10_000, ge=0, description="Captured mails kept in the built-in inbox.")
    returned_mail_address: str | None = Field(
        None,
        description="HOST:PORT of an SMTP server for bounces and complaints that mail servers hand "
        "over. Unset: none.",
    )
    upload_megabytes_max: int = Field(
        1024, ge=1, description="Megabytes of one uploaded file, such as an import."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console on a terminal, JSON otherwise."
    )

    @property
    def base_url(self) -> str:
        """The root of links in mail, without a final slash.

        A server that listens everywhere is reached, from its own machine, on loopback.
        """
        host = _ON_THIS_MACHINE.get(self.host, self.host)
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def load_settings() -> Settings:
    """The settings of this process. Raises ConfigurationError naming every variable that is off."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # pydantic-settings fills them in
    except ValidationError as error:
        problems = "; ".join(
            f"MAILWRIGHT_{'_'.join(str(part) for part in found['loc']).upper()}: {found['msg']}"
            for found in error.errors()
        )
        raise ConfigurationError(f"Settings are not valid: {problems}.") from None
