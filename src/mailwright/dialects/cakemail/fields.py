"""The types of request bodies: Cakemail's names, unknown fields passed over.

Its programs send fields of each other's generations, and `account_id` anywhere (issue 4).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.storable import storable
from mailwright.errors import InvalidInput

NUMBER_MAX = 2**63 - 1  # what PostgreSQL's bigint holds
UNIX_MAX = 2**31 - 1  # the document's own limit of a date


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable(value)

    def given(self) -> dict[str, Any]:
        """The fields that the caller sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def example(body: dict[str, Any]) -> ConfigDict:
    """Configuration that shows `body` as the example in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def _number(value: object) -> object:
    """Ids may come as numbers or as texts of digits."""
    if isinstance(value, bool) or (isinstance(value, str) and not value.strip().isdecimal()):
        raise ValueError("An id is a number.")
    return value


def _address(text: str) -> str:
    try:
        return EmailAddress.parse(text).text
    except InvalidInput as error:
        raise ValueError(error.message) from None


def moment(value: object) -> datetime:
    """Unix seconds, as a number or its digits, or ISO 8601; without an offset it is UTC.

    Raises ValueError.
    """
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= UNIX_MAX:
        return datetime.fromtimestamp(value, UTC)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError("Use Unix seconds, or ISO 8601 such as 2026-04-15T10:00:00Z.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


#: An id in a body or a query: `7` or `"7"`.
Number = Annotated[int, Field(ge=1, le=NUMBER_MAX), BeforeValidator(_number)]

#: An id in a path.
NumberInPath = Annotated[int, Path(ge=1, le=NUMBER_MAX)]

Address = Annotated[str, AfterValidator(_address)]
Moment = Annotated[datetime, BeforeValidator(moment, json_schema_input_type=int | str)]
