"""The words of the subject report, in English and in French."""

from __future__ import annotations

from collections.abc import Mapping

Labels = Mapping[str, str]


def _both(english: str, french: str) -> Labels:
    return {"en": english, "fr": french}


ABOUT: Labels = _both(
    "Everything that stagesync keeps about one person: what the CRMs told, what was made of it, and what was written"
    " back. Other people, and who works here, are left out.",
    "Tout ce que stagesync conserve sur une personne : ce que les CRM ont dit, ce qui en a été déduit, et ce qui leur"
    " a été écrit. Les autres personnes, et celles qui travaillent ici, n'y figurent pas.",
)

SECTIONS: Mapping[str, Labels] = {
    "person": _both("Where the policy places this person", "Où la politique place cette personne"),
    "record": _both(
        "Records in the CRMs, and their fields", "Fiches dans les CRM, et leurs champs"
    ),
    "unmapped": _both(
        "Values that the mapping does not understand",
        "Valeurs que la correspondance ne comprend pas",
    ),
    "alias": _both("Further e-mail addresses", "Autres adresses e-mail"),
    "link": _both("What these records name", "Ce que ces fiches désignent"),
    "member": _both("Lists of a CRM", "Listes d'un CRM"),
    "activity": _both("What happened, and when", "Ce qui s'est passé, et quand"),
    "deal": _both("Deals that name this person", "Affaires qui désignent cette personne"),
    "fact_since": _both("Since when a flag is told", "Depuis quand un indicateur est dit"),
    "transition": _both(
        "Every change of stage, and why", "Chaque changement d'étape, et sa raison"
    ),
    "stood": _both(
        "Where this person stood, and since when", "Où cette personne se trouvait, et depuis quand"
    ),
    "breach": _both(
        "What was done against the treatment of their stage",
        "Ce qui a été fait contre le traitement de leur étape",
    ),
    "baseline": _both("What was told to each CRM", "Ce qui a été dit à chaque CRM"),
    "own_write": _both("What was written lately", "Ce qui a été écrit récemment"),
    "difference": _both(
        "Values that do not stand in a CRM, and why", "Valeurs absentes d'un CRM, et pourquoi"
    ),
    "plan_entry": _both("Values that wait to be written", "Valeurs en attente d'écriture"),
    "saved_plan": _both("Values in plans that were shown", "Valeurs dans les plans montrés"),
    "clearing": _both("Fields emptied to go back", "Champs vidés pour revenir en arrière"),
    "hold": _both("What is left as it is, and why", "Ce qui est laissé tel quel, et pourquoi"),
    "edit": _both("Values that somebody else set", "Valeurs posées par quelqu'un d'autre"),
    "watch": _both("Writes to be looked at again", "Écritures à vérifier"),
    "held_join": _both(
        "Whether this person is one with another", "Si cette personne en est une avec une autre"
    ),
    "verdict": _both(
        "What was said by hand on which records are theirs",
        "Ce qui a été dit à la main sur les fiches qui sont les siennes",
    ),
    "dirty": _both("What is to be looked at again", "Ce qui est à revoir"),
    "inbox": _both("What a CRM named and is to be read", "Ce qu'un CRM a signalé et reste à lire"),
    "audit": _both("The log of changes", "Le journal des modifications"),
}
"""Table -> its title, in the order of the report."""

WORDS: Mapping[str, Labels] = {
    "place": _both("place", "endroit"),
    "how": _both("how they came there", "façon d'y arriver"),
    "accept_by": _both("to be accepted by sales until", "à accepter par les commerciaux avant"),
    "never": _both("never", "à ne jamais faire"),
    "no_contact_since": _both("wants no contact since", "ne veut pas de contact depuis"),
    "referrer": _both("referred by", "recommandée par"),
    "rule": _both("rule", "règle"),
    "activity": _both("activity", "activité"),
    "found_at": _both("found at", "constaté le"),
    "account": _both("company", "entreprise"),
    "actor": _both("who did it", "auteur"),
    "after": _both("after", "après"),
    "amount": _both("amount", "montant"),
    "approval": _both("approved with the plan", "approuvé avec le plan"),
    "at": _both("when", "quand"),
    "because": _both("reasons", "raisons"),
    "before": _both("before", "avant"),
    "cause": _both("cause", "cause"),
    "changed_at": _both("changed in the CRM", "modifié dans le CRM"),
    "connection": _both("CRM", "CRM"),
    "content": _both("content asked for", "contenu demandé"),
    "created_at": _both("created in the CRM", "créé dans le CRM"),
    "current": _both("value in the CRM", "valeur dans le CRM"),
    "digest": _both(
        "commitment to what tells of the person", "engagement sur ce qui parle de la personne"
    ),
    "domain": _both("web domain", "domaine web"),
    "email": _both("e-mail address", "adresse e-mail"),
    "ended_at": _both("ended", "terminé"),
    "entry": _both("move under way", "mouvement en cours"),
    "erased": _both("erased in the CRM", "effacé dans le CRM"),
    "evaluated_at": _both("last evaluated", "dernière évaluation"),
    "fact": _both("fact", "fait"),
    "field": _both("field", "champ"),
    "fields": _both("fields", "champs"),
    "first_name": _both("first name", "prénom"),
    "from": _both("record", "fiche"),
    "gone": _both("gone from the CRM", "disparu du CRM"),
    "gone_at": _both("seen to be gone", "constaté disparu"),
    "hash": _both("hash of the entry", "empreinte de l'entrée"),
    "heard_at": _both("named by the CRM", "signalé par le CRM"),
    "held": _both("read from the CRM", "lu dans le CRM"),
    "id": _both("id", "identifiant"),
    "implied": _both("stages passed on the way", "étapes franchies au passage"),
    "key": _both("whose", "de qui"),
    "kind": _both("kind", "genre"),
    "last_name": _both("last name", "nom"),
    "list": _both("list", "liste"),
    "made_at": _both("made", "établi"),
    "mail_domain": _both("domain of the address", "domaine de l'adresse"),
    "merged_into": _both("became part of", "fusionné dans"),
    "next_contact_at": _both("may be contacted from", "peut être contacté à partir du"),
    "object": _both("kind of record", "genre de fiche"),
    "ours": _both("our value", "notre valeur"),
    "over": _both("our value that replaced it", "notre valeur qui l'a remplacée"),
    "owner": _both("record", "fiche"),
    "path": _both("positions in between", "positions intermédiaires"),
    "person": _both("id of the person", "identifiant de la personne"),
    "plan": _both("plan", "plan"),
    "policy": _both("policy", "politique"),
    "position": _both("position", "position"),
    "position_from": _both("position before", "position avant"),
    "position_to": _both("position after", "position après"),
    "prev_hash": _both("hash of the entry before", "empreinte de l'entrée précédente"),
    "previous_stage": _both("previous stage", "étape précédente"),
    "raised_at": _both("raised", "signalé"),
    "reason": _both("why", "pourquoi"),
    "reasons": _both("reasons", "raisons"),
    "recheck_at": _both("looked at again", "revu"),
    "record": _both("record", "fiche"),
    "record_id": _both("id of the record", "identifiant de la fiche"),
    "records": _both("records", "fiches"),
    "refused": _both("refused", "refusé"),
    "result": _both("result", "résultat"),
    "run": _both("run", "passage"),
    "salt": _both("random part of the commitment", "part aléatoire de l'engagement"),
    "says": _both("says", "dit"),
    "scores": _both("scores", "scores"),
    "seq": _both("number", "numéro"),
    "since": _both("since", "depuis"),
    "source": _both("told by", "dit par"),
    "stage": _both("stage", "étape"),
    "stage_from": _both("stage before", "étape avant"),
    "stage_to": _both("stage after", "étape après"),
    "staged_at": _both("stage since", "étape depuis"),
    "stages": _both("stages", "étapes"),
    "state": _both("state", "état"),
    "status": _both("status", "statut"),
    "subject": _both("id of the person", "identifiant de la personne"),
    "times": _both("how often", "combien de fois"),
    "to": _both("record named", "fiche désignée"),
    "told_at": _both("last told something new", "dernière nouveauté"),
    "took_place": _both("took place", "a eu lieu"),
    "type": _both("type", "type"),
    "until": _both("until", "jusqu'à"),
    "value": _both("value", "valeur"),
    "wanted": _both("value wanted", "valeur voulue"),
    "way": _both("way", "manière"),
    "why": _both("why", "pourquoi"),
    "words": _both("the CRM's words", "les mots du CRM"),
    "written_at": _both("written", "écrit"),
}
"""Key of a row -> what it is."""
