"""The fields that stagesync makes in a CRM: what the mapping writes and alone owns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stagesync.connector import FieldType, OwnField
from stagesync.domain.mapping import WriteRule
from stagesync.domain.reason_text import label_of
from stagesync.domain.treatment import contents
from stagesync.domain.vocabulary import Vocabulary
from stagesync.engine.deployment import Connected, Deployment

Labels = Mapping[str, str]
"""Text by language."""

LABELS: Mapping[str, Labels] = {
    "stage": {"en": "Lifecycle stage", "fr": "Stade du cycle de vie"},
    "previous_stage": {"en": "Previous lifecycle stage", "fr": "Stade précédent"},
    "score": {"en": "Lifecycle score", "fr": "Score du cycle de vie"},
    "score.fit": {"en": "Fit score", "fr": "Score d'adéquation à la cible"},
    "level": {"en": "Level", "fr": "Niveau"},
    "level.fit": {"en": "Fit with our target", "fr": "Adéquation à la cible"},
    "reason": {"en": "Reason for the lifecycle stage", "fr": "Raison du stade"},
    "changed_at": {"en": "Lifecycle stage changed at", "fr": "Stade changé le"},
    "content": {"en": "Content to offer", "fr": "Contenu à proposer"},
    "next_contact": {"en": "Contact again from", "fr": "Recontacter à partir du"},
    "accept_by": {
        "en": "To be accepted by sales until",
        "fr": "À accepter par les commerciaux avant le",
    },
    "do_not_contact": {"en": "Do not contact", "fr": "Ne pas contacter"},
    "never": {"en": "Never", "fr": "À ne jamais faire"},
}
"""What people read in the CRM, by what the field holds: the value itself, else its kind."""

TYPES = {
    "stage": FieldType.CHOICE,
    "previous_stage": FieldType.CHOICE,
    "score": FieldType.NUMBER,
    "level": FieldType.CHOICE,
    "reason": FieldType.TEXT,
    "changed_at": FieldType.INSTANT,
    "content": FieldType.CHOICE,
    "next_contact": FieldType.INSTANT,
    "accept_by": FieldType.INSTANT,
    # Not every CRM's checkbox can be empty, and `no` on everybody would be a write for everybody.
    "do_not_contact": FieldType.CHOICE,
    "never": FieldType.TEXT,
}
"""What a field holds, by the kind of its value."""


def own_fields(deployment: Deployment, connected: Connected) -> list[OwnField]:
    """Every field of the mapping that is ours, in the mapping's order."""
    return [
        _own_field(deployment, name, rule)
        for name in connected.roles
        for rule in connected.object_mapping(name).writes
        if rule.owner == "ours"
    ]


def _own_field(deployment: Deployment, object_name: str, rule: WriteRule) -> OwnField:
    kind = rule.value.partition(".")[0]
    labels = LABELS.get(rule.value, LABELS[kind])
    return OwnField(
        object_name,
        rule.field,
        labels[deployment.language],
        TYPES[kind],
        options=tuple(
            (value, _option(label_of(words, deployment.language, name=value)))
            for value, words in _choices(deployment, rule)
        ),
        decimals=2 if kind == "score" else 0,
    )


def _choices(deployment: Deployment, rule: WriteRule) -> Iterable[tuple[str, Labels]]:
    """The values that a choice field offers, each with its labels."""
    kind, _, name = rule.value.partition(".")
    main = deployment.vocabularies[deployment.main_vocabulary]
    match kind:
        case "stage":
            return _stages(deployment.vocabularies[name])
        case "previous_stage":
            return _stages(main)
        case "level":
            axis = next(axis for axis in deployment.policy.axes if axis.name == name)
            return [(level.name, level.labels) for level in axis.levels]
        case "content":
            return contents(deployment.vocabularies[deployment.treating]).items()
        case "do_not_contact":
            return [("yes", {"en": "Yes", "fr": "Oui"})]
        case _:
            return ()


def _stages(vocabulary: Vocabulary) -> Iterable[tuple[str, Labels]]:
    """From the lowest rung up; those off the ladder last."""
    ladder = sorted(vocabulary.stages, key=lambda stage: (stage.rank is None, stage.rank or 0))
    return [(stage.id, stage.labels) for stage in ladder]


def _option(label: str) -> str:
    """Labels are written for the middle of a sentence; in a list they begin with a capital."""
    return label[:1].upper() + label[1:]
