"""Two people who turn out to be one."""

from .bench import Bench


def two_people(bench: Bench, *, form: bool) -> tuple[str, str]:
    """A contact of north and one of south who then get one address."""
    ann = bench.contact("ann@firm.example", last="Ng")
    member = bench.member("ann@home.example", LastName="Ng")
    if form:
        bench.form(ann)
    bench.sync()
    bench.south.edit("contact", member, {"Email": "ann@firm.example"})
    bench.sync()
    return ann, member


def is_one(bench: Bench, ann: str, member: str) -> bool:
    return bench.person("north", "contact", ann) == bench.person("south", "contact", member)
