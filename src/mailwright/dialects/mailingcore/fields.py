"""The types of request bodies: MailingCore's names, unknown fields refused by name.

A misspelt `audienceFilter` that was passed over would write to everybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.storable import storable
from mailwright.errors import InvalidInput


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", str_strip_whitespace=True
    )

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable(value)

    def given(self) -> dict[str, Any]:
        """The fields that the caller sent, by Python's names."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def example(body: dict[str, Any]) -> ConfigDict:
    """Configuration that shows `body` as the example in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def _address(text: str) -> str:
    try:
        return EmailAddress.parse(text).text
    except InvalidInput as error:
        raise ValueError(error.message) from None


def _moment(value: object) -> datetime:
    """ISO 8601; without `Z` or an offset it is told by the clocks of the campaign's zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError("Use ISO 8601, such as 2026-07-01T09:00:00.000Z.")
    return found


#: A word to look for.
Search = Annotated[str, StringConstraints(max_length=255), AfterValidator(storable)]
Address = Annotated[str, AfterValidator(_address)]
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
