"""The types of native request bodies: unknown fields and unstorable characters are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    StringConstraints,
    model_validator,
)

from mailwright.domain.storable import storable


class Body(BaseModel):
    """A request body. A field nobody knows is refused by name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable(value)

    def changes(self) -> Any:
        """The fields that the caller sent, as a service takes them; absent ones stay absent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def example(body: dict[str, Any]) -> ConfigDict:
    """Configuration that shows `body` as the example in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def _moment(value: object) -> datetime:
    """A point in time, from ISO 8601 with `Z` or an offset and nothing else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("Use ISO 8601 with Z or an offset, such as 2027-05-01T18:00:00+02:00.")
    return found


Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]


def _as_it_is(value: object) -> object:
    return SecretStr(value) if isinstance(value, str) else value


#: A password: blanks at its ends are part of it, and printing it shows stars.
Secret = Annotated[SecretStr, BeforeValidator(_as_it_is)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Search = Annotated[str, StringConstraints(max_length=255), AfterValidator(storable)]
Description = Annotated[str, StringConstraints(max_length=1000)]
