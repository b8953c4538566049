"""The fields that stagesync makes in a CRM: what the mapping writes and alone owns."""

from __future__ import annotations

from stagesync.connector import FieldType, OwnField
from stagesync.domain.mapping import WriteRule
from stagesync.engine.deployment import Connected, Deployment

LABELS = {
    "stage": "Lifecycle stage",
    "score": "Lifecycle score",
    "changed_at": "Lifecycle stage changed at",
}
"""What people read in the CRM, by what the field holds."""


def own_fields(deployment: Deployment, connected: Connected) -> list[OwnField]:
    """Every field of the mapping that is ours, in the mapping's order."""
    return [
        _own_field(deployment, name, rule)
        for name in connected.roles
        for rule in connected.object_mapping(name).writes
        if rule.owner == "ours"
    ]


def _own_field(deployment: Deployment, object_name: str, rule: WriteRule) -> OwnField:
    kind, _, name = rule.value.partition(".")
    if kind == "stage":
        stages = deployment.vocabularies[name].stages
        ladder = sorted(stages, key=lambda stage: (stage.rank is None, stage.rank or 0))
        options = tuple((stage.id, stage.labels["en"]) for stage in ladder)
        return OwnField(object_name, rule.field, LABELS[kind], FieldType.CHOICE, options)
    if kind == "score":
        return OwnField(object_name, rule.field, LABELS[kind], FieldType.NUMBER, decimals=2)
    return OwnField(object_name, rule.field, LABELS["changed_at"], FieldType.INSTANT)
