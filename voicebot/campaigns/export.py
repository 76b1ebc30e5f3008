"""The report of a campaign: a CSV file that opens in Excel, a row for each number."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from voicebot.storage.campaigns import Contact
from voicebot.storage.outgoing import OutgoingCall

COLUMNS = (
    *("number", "state", "outcome", "calls", "outcomes", "first_call", "last_call", "answered_at", "talk_s"),
    *(
        "category",
        "q850",
        "sip_status",
        "detail",
        "hung_up_by",
        "answered_by",
        "caller_number",
        "call_id",
        "next_call",
        "file",
        "line",
    ),
)
_BOM = "\ufeff"  # without it Excel takes UTF-8 for something else


def export_csv(contacts: Iterable[Contact], calls: Iterable[OutgoingCall]) -> Iterator[str]:
    """Yield a line for each number, in the order of the file, with its own variables behind our columns."""
    by_contact: dict[int | None, list[OutgoingCall]] = defaultdict(list)
    for call in calls:
        by_contact[call.contact_id].append(call)
    numbers = list(contacts)
    names = list(dict.fromkeys(name for contact in numbers for name in contact.variables))
    yield _BOM + _line([*COLUMNS, *(_harmless(name) for name in names)])
    for contact in numbers:
        own = [_harmless(contact.variables.get(name, "")) for name in names]
        yield _line([*_result(contact, by_contact.get(contact.id, [])), *own])


def _result(contact: Contact, calls: list[OutgoingCall]) -> list[str]:
    last = calls[-1] if calls else None
    answered = next((call for call in reversed(calls) if call.answered_at), None)
    waits = contact.state.value == "waiting"
    return [
        contact.number,
        contact.state.value,
        contact.outcome,
        str(sum(call.dialled_at is not None for call in calls)),
        " ".join(call.outcome for call in calls if call.outcome),
        _moment(calls[0].dialled_at if calls else None),
        _moment(last.dialled_at if last else None),
        _moment(answered.answered_at if answered else None),
        _talk_s(answered),
        last.category if last else "",
        str(last.q850 or "") if last else "",
        str(last.sip_status or "") if last else "",
        _harmless(last.detail) if last else "",
        last.cause if last else "",
        last.answered_by if last else "",
        last.caller_number if last else "",
        _harmless(last.call_id) if last else "",
        _moment(contact.next_at if waits else None),
        _harmless(contact.file),
        str(contact.row),
    ]


def _talk_s(call: OutgoingCall | None) -> str:
    if call is None or call.answered_at is None or call.ended_at is None:
        return ""
    return f"{(call.ended_at - call.answered_at).total_seconds():.1f}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text of somebody else for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _line(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
