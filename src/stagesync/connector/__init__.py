"""The published contract between stagesync and a CRM.

A connector is a package of its own. It imports this package and nothing else of ours, and is found
through the entry-point group `stagesync.connectors`, whose value is a function of the form `Connect`.

`stagesync.connector.memory` is the reference to read, `stagesync.connector.contract_suite` the tests that
every connector passes.
"""

from stagesync.connector.abilities import (
    Actor,
    Change,
    Heard,
    Hears,
    Named,
    Paces,
    Remembers,
    Round,
    TellsHistory,
    TellsMembers,
    TellsRounds,
    TellsTime,
)
from stagesync.connector.bounds import read_within
from stagesync.connector.capabilities import Capabilities
from stagesync.connector.contract import Clock, Connect, Connector
from stagesync.connector.hosts import Origin, Reach, base_url, trusted_roots
from stagesync.connector.http import Limit, Pacer, call_with_retry
from stagesync.connector.reading import WrongCall, reads_answers_of
from stagesync.connector.remembered import Calls, Remembered
from stagesync.connector.secret import Secret, without_secrets
from stagesync.connector.values import (
    FieldDescription,
    FieldType,
    FieldValue,
    Link,
    ObjectDescription,
    ObjectKind,
    Option,
    OwnField,
    Page,
    Pull,
    Quota,
    Record,
    Refusal,
    Role,
    SetupStep,
    Write,
    WriteResult,
)
from stagesync.errors import (
    AnswerUnreadable,
    CredentialsRefused,
    CrmError,
    FieldMissing,
    OptionsRefused,
    PermissionMissing,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    Unavailable,
)

__all__ = [
    "Actor",
    "AnswerUnreadable",
    "Calls",
    "Capabilities",
    "Change",
    "Clock",
    "Connect",
    "Connector",
    "CredentialsRefused",
    "CrmError",
    "FieldDescription",
    "FieldMissing",
    "FieldType",
    "FieldValue",
    "Heard",
    "Hears",
    "Limit",
    "Link",
    "Named",
    "ObjectDescription",
    "ObjectKind",
    "Option",
    "OptionsRefused",
    "Origin",
    "OwnField",
    "Pacer",
    "Paces",
    "Page",
    "PermissionMissing",
    "Pull",
    "Quota",
    "QuotaExhausted",
    "Reach",
    "Record",
    "Refusal",
    "Remembered",
    "Remembers",
    "RequestRefused",
    "Role",
    "Round",
    "Secret",
    "SetupStep",
    "TellsHistory",
    "TellsMembers",
    "TellsRounds",
    "TellsTime",
    "Throttled",
    "Unavailable",
    "Write",
    "WriteResult",
    "WrongCall",
    "base_url",
    "call_with_retry",
    "read_within",
    "reads_answers_of",
    "trusted_roots",
    "without_secrets",
]
