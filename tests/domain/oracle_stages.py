"""What each shipped vocabulary calls a position, read from the definitions line by line."""


def stages(position, account=False):
    standard = _standard(**position)
    return {
        "standard": standard,
        "target-first": _target_first(**position),
        "inbound-funnel": _inbound_funnel(**position),
        "btob-scoring": _btob_scoring(account, **position),
        "need-identified": _need_identified(**position),
        "buyer-journey": _buyer_journey(**position),
        "hubspot": {
            "advocate": "evangelist",
            "loyal": "customer",
            "client": "customer",
            "former_client": "customer",
            "opportunity": "opportunity",
            "accepted": "salesqualifiedlead",
            "qualified": "marketingqualifiedlead",
            "lead": "lead",
        }.get(standard, "none"),
        "hubspot_lead_status": _hubspot_lead_status(**position),
        "salesforce_lead": _salesforce_lead(**position),
        "salesforce_account": _salesforce_account(standard),
    }


def _standard(*, fit, interest, qualification, need, sales, loyalty, disposition):
    if sales == "won" and disposition == "churned":
        return "former_client"
    if sales == "won" and loyalty == "advocate":
        return "advocate"
    if sales == "won" and loyalty == "repeat":
        return "loyal"
    if sales == "won":
        return "client"
    if sales in ("opportunity", "accepted"):
        return sales
    if (
        interest == "request"
        and fit == "inside"
        and qualification == "ready"
        and disposition in ("active", "lost")
    ):
        return "qualified"
    if interest == "request":
        return "lead"
    if interest == "gesture":
        return "engaged"
    if interest == "passive":
        return "visitor"
    return "target" if fit == "inside" else "contact"


def _target_first(*, fit, interest, qualification, need, sales, loyalty, disposition):
    if sales == "won":
        return "client"
    if interest == "request" and (fit == "outside" or disposition in ("nurture", "disqualified")):
        return "unqualified_lead"
    if (interest == "request" and fit == "inside") or sales in ("accepted", "opportunity"):
        return "prospect"
    if interest == "request":
        return "lead"
    return "target_prospect" if fit == "inside" else "outside"


def _inbound_funnel(*, fit, interest, qualification, need, sales, loyalty, disposition):
    if sales == "won":
        return {"advocate": "ambassador", "repeat": "loyal_client", "none": "client"}[loyalty]
    if interest == "request" or sales in ("accepted", "opportunity"):
        return "hot_lead"
    return "cold_lead" if interest == "gesture" else "prospect"


def _btob_scoring(account, *, fit, interest, qualification, need, sales, loyalty, disposition):
    if sales == "won":
        return "client"
    if account and (fit == "inside" or sales == "opportunity"):
        return "prospect"
    if sales in ("accepted", "opportunity") or qualification == "ready":
        return "prospect"
    if qualification == "started":
        return "lead"
    return "suspect" if interest != "none" or fit == "inside" else "outside"


def _need_identified(*, fit, interest, qualification, need, sales, loyalty, disposition):
    if sales == "won":
        return "ambassador" if loyalty == "advocate" else "client"
    if (fit == "inside" and need == "known") or sales in ("accepted", "opportunity"):
        return "prospect"
    if interest != "none" and (fit == "outside" or disposition == "disqualified"):
        return "abandoned_lead"
    return "lead" if interest != "none" else "internet_user"


def _buyer_journey(*, fit, interest, qualification, need, sales, loyalty, disposition):
    in_touch = interest == "request" and fit == "inside" and sales == "contacted"
    if sales == "won":
        return "client"
    if sales in ("accepted", "opportunity") or (in_touch and need == "known"):
        return "qualified_prospect"
    if in_touch:
        return "prospect"
    if interest == "request":
        return "lead"
    return "visitor" if interest in ("passive", "gesture") else "outside"


def _hubspot_lead_status(*, fit, interest, qualification, need, sales, loyalty, disposition):
    if disposition == "disqualified":
        return "UNQUALIFIED"
    if disposition == "nurture":
        return "BAD_TIMING"
    return "OPEN_DEAL" if sales == "opportunity" else "none"


def _salesforce_lead(*, fit, interest, qualification, need, sales, loyalty, disposition):
    if disposition == "disqualified":
        return "closed_not_converted"
    if disposition == "nurture":
        return "nurturing"
    if sales in ("contacted", "accepted"):
        return "working"
    if sales in ("opportunity", "won"):
        return "none"
    return "open" if interest != "none" or fit == "inside" else "none"


def _salesforce_account(standard):
    if standard in ("advocate", "loyal", "client"):
        return "customer"
    return "none" if standard in ("former_client", "contact") else "prospect"
