"""A postmaster who changes ``[dns] publish``: everything goes the new way from the next run on (R69, R78, T13)."""

from __future__ import annotations

from cli.conftest import CommandSite
from cli.test_publishing_runs import DOMAIN, configure, retire
from cli.test_watching_runs import answers, run, state


def publish_as(site: CommandSite, way: str) -> None:
    path = site.folder / "nexusops.toml"
    kept = [one for one in path.read_text("utf-8").splitlines() if not one.startswith("publish = ")]
    path.write_text("\n".join(kept).replace("[dns]", f'[dns]\npublish = "{way}"') + "\n", "utf-8")


def texts(site: CommandSite) -> list[str]:
    folder = site.folder / "dns"
    return sorted(str(path.relative_to(folder)) for path in folder.glob(f"*/{DOMAIN}.*"))


def test_a_domain_has_one_text_whichever_way_it_goes(site: CommandSite) -> None:
    """What octoDNS reads, or a ticket of before, would bring back what was retired."""
    configure(site, 'zone_file = "answers.txt"')
    answers(site, domain=[])
    run(site, 0)
    assert texts(site) == [f"publish/{DOMAIN}.zone"]
    publish_as(site, "ticket")
    run(site, 1)
    assert texts(site) == [f"publish/{DOMAIN}.txt"]
    publish_as(site, "zone_lines")
    retire(site)
    run(site, 2)
    assert texts(site) == [f"retire/{DOMAIN}.zone"]


def test_the_same_records_in_another_way_replace_nothing_and_stay_proved(site: CommandSite) -> None:
    """2.4: the DNS answers as before, so the product is live as before."""
    configure(site, 'zone_file = "answers.txt"')
    answers(site)
    run(site, 0)
    assert site.type("saas", "verify", "bulkday", "--at", "2025-10-02T08:00:00Z").code == 0
    publish_as(site, "ticket")
    assert (run(site, 1), state(site)) == ({}, "live")
    ticket = (site.folder / "dns" / "publish" / f"{DOMAIN}.txt").read_text("utf-8")
    assert "please add these records" in ticket
    assert "They replace" not in ticket
