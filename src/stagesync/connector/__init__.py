"""The published contract between stagesync and a CRM.

A connector is a package of its own. It imports this package and nothing else of ours, and is found
through the entry-point group `stagesync.connectors`, whose value is a function of the form `Connect`.

`stagesync.connector.memory` is the reference to read, `stagesync.connector.contract_suite` the tests that
every connector passes.
"""

from stagesync.connector.capabilities import Capabilities
from stagesync.connector.contract import (
    Clock,
    Connect,
    Connector,
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
    Secret,
    SetupStep,
    TellsTime,
    Write,
    WriteResult,
)
from stagesync.connector.http import Limit, Pacer, call_with_retry
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
    "AnswerUnreadable",
    "Capabilities",
    "Clock",
    "Connect",
    "Connector",
    "CredentialsRefused",
    "CrmError",
    "FieldDescription",
    "FieldMissing",
    "FieldType",
    "FieldValue",
    "Limit",
    "Link",
    "ObjectDescription",
    "ObjectKind",
    "Option",
    "OptionsRefused",
    "OwnField",
    "Pacer",
    "Page",
    "PermissionMissing",
    "Pull",
    "Quota",
    "QuotaExhausted",
    "Record",
    "Refusal",
    "RequestRefused",
    "Role",
    "Secret",
    "SetupStep",
    "TellsTime",
    "Throttled",
    "Unavailable",
    "Write",
    "WriteResult",
    "call_with_retry",
]
