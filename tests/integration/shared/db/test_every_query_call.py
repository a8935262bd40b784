"""Every typed row has the columns of its query as the migrated database prepares it: names, order and types."""

import types
from collections import defaultdict
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import asyncpg

from tests.architecture.query_calls import ROWS, VALUES, QueryCall, query_calls

SCALARS: Final[dict[str, tuple[type, ...]]] = {
    "uuid": (UUID,),
    "text": (str,),
    "varchar": (str,),
    "name": (str,),
    "bpchar": (str,),
    "bool": (bool,),
    "int2": (int,),
    "int4": (int,),
    "int8": (int,),
    "oid": (int,),
    "float4": (float,),
    "float8": (float,),
    "numeric": (Decimal,),
    "timestamptz": (datetime,),
    "date": (date,),
    "time": (time,),
    "interval": (timedelta,),
    "bytea": (bytes,),
    "xid8": (int,),
    "pg_lsn": (str, int),
}
"""Python types of PostgreSQL's, as asyncpg decodes them; json and jsonb are whatever the document is."""


def alternatives(hint: Any) -> list[Any]:
    """The types that a field's type allows, None left out."""
    hint = hint.__value__ if hasattr(hint, "__value__") else hint
    if get_origin(hint) in (Union, types.UnionType):
        return [each for part in get_args(hint) for each in alternatives(part)]
    if get_origin(hint) is Literal:
        return [str]
    return [] if hint is type(None) else [hint]


def fits(hint: Any, column: asyncpg.Type) -> bool:
    """Can a value of this column's type stand in a field of this type?"""
    name = column.name
    if hint in (Any, object) or name in {"json", "jsonb", "record", "void"}:
        return True
    if name.startswith("_") or column.kind == "array":
        origins = [get_origin(each) or each for each in alternatives(hint)]
        return bool(origins) and all(isinstance(each, type) and issubclass(list, each) for each in origins)
    return all(_fits_one(each, column) for each in alternatives(hint))


def _fits_one(hint: Any, column: asyncpg.Type) -> bool:
    if not isinstance(hint, type):
        return False
    if column.name not in SCALARS:  # an enum of our own
        return hint is str or issubclass(hint, StrEnum)
    return any(issubclass(hint, each) for each in SCALARS[column.name]) and not (hint is bool and column.name != "bool")


def differences(call: QueryCall, columns: tuple[asyncpg.Attribute, ...]) -> list[str]:
    """How the type of a call's rows differs from the columns of its query."""
    if call.way in VALUES:
        if len(columns) != 1:
            return [f"{call.place}: {call.name} has {len(columns)} columns, {call.way} reads one"]
        return [] if fits(call.kind, columns[0].type) else [f"{call.place}: {call.name} is {columns[0].type.name}, not {call.kind}"]
    names, wanted = [column.name for column in columns], [field.name for field in fields(call.kind) if field.init]
    if names != wanted:
        return [f"{call.place}: {call.name} has {names}, {call.kind.__name__} has {wanted}"]
    hints = get_type_hints(call.kind)
    return [
        f"{call.place}: {call.name}.{column.name} is {column.type.name}, {call.kind.__name__}.{column.name} is {hints[column.name]}"
        for column in columns
        if not fits(hints[column.name], column.type)
    ]


async def test_every_typed_row_has_its_querys_columns(pool: asyncpg.Pool) -> None:
    calls = defaultdict(list)
    for call in query_calls():
        if call.way in (*ROWS, *VALUES) and call.query is not None:
            calls[call.query.sql].append(call)
    found: list[str] = []
    async with pool.acquire() as connection:
        for sql, same in calls.items():
            columns = (await connection.prepare(sql)).get_attributes()
            found += [sentence for call in same for sentence in differences(call, columns)]
    assert found == []


async def test_a_row_whose_field_is_missing_or_of_another_type_is_found(pool: asyncpg.Pool) -> None:
    @dataclass(frozen=True)
    class Wrong:
        id: UUID
        status: int

    async with pool.acquire() as connection:
        columns = (await connection.prepare("SELECT id, status FROM accounts")).get_attributes()
        more = (await connection.prepare("SELECT id FROM accounts")).get_attributes()
    call = QueryCall("here:1", "fetch_one", None, "some", frozenset(), Wrong)
    assert [sentence.split(": ", 1)[1].split(",")[0] for sentence in differences(call, columns)] == ["some.status is account_status"]
    assert len(differences(call, more)) == 1
