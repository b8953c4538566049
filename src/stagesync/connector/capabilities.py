"""Where connectors differ: what each of them can do, said once and proven by the contract suite."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connector can do beyond what all of them must.

    A capability that is declared is proven by `stagesync.connector.contract_suite`; the test of one
    that is not is skipped and says so. The defaults promise nothing.

    Attributes:
        largest_write: records that go out in one request: the engine hands over no more at a time.
        tells_links_inline: every record comes with its links; otherwise some come with `links` None
            and `Connector.links` is asked for them.
        pulls_incrementally: a pull from a cursor brings what changed since and little else;
            otherwise it may bring everything again.
        tells_deletes: a pull brings a record that was deleted since the cursor, as `gone`.
        tells_merges: a record that became part of another one is told, by a pull or by a `read` of
            its id, with `merged_into`.
        refuses_backward_silently: the CRM has fields that it keeps where they are when they are
            told to go back, and calls it a success; the connector tells it as `NOT_FORWARD`.
        clears_to_go_back: such a field goes back once it was emptied in a request before: `Write.clear` does
            that.
        writes_partially: when one value of a record is refused, its others are written all the
            same; otherwise a record is taken whole or not at all.
        makes_fields: `setup` can make own fields; otherwise it raises `RequestRefused`, naming those that
            somebody has to make by hand.
        makes_choices: a choice made by `setup` offers its options and no others, and `describe`
            tells them; otherwise it is made as a text.
        asks_for_credentials: the CRM has a lock: with wrong credentials nothing can be read.
    """

    largest_write: int
    tells_links_inline: bool = False
    pulls_incrementally: bool = False
    tells_deletes: bool = False
    tells_merges: bool = False
    refuses_backward_silently: bool = False
    clears_to_go_back: bool = False
    writes_partially: bool = False
    makes_fields: bool = False
    makes_choices: bool = False
    asks_for_credentials: bool = False
