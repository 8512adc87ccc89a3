# SPDX-License-Identifier: GPL-3.0-or-later
"""test_axe.py - every page under the rules A and AA of WCAG 2.2, by axe-core"""

import harness
import pytest
import test_campaign_page
import test_contour_page
import test_grid_page
import test_limit_page
from playwright.sync_api import expect
from test_page import make_study, run_trials, sign_in

AXE = harness.ROOT / "build" / "axe" / "node_modules" / "axe-core"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """
async tags => {
  const {violations, passes} = await axe.run({runOnly: tags});
  return {passes: passes.length, violations: violations.map(rule =>
    `${rule.id}: ${rule.nodes.map(node => node.html).join(' | ')}`)};
}
"""
OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"


def violations(page):
    """Return what axe has against the page as it is now."""
    if not page.evaluate("'axe' in window"):
        # Evaluated by the browser itself, so that the policy stays on.
        page.evaluate((AXE / "axe.min.js").read_text())
    found = page.evaluate(CHECK, TAGS)
    assert found["passes"] > 5
    return found["violations"]


def fill(site):
    """Make a study and people; return the hashes and what each shows."""
    study = make_study(site, tags=["higgs"])
    front = make_study(site, name="two", objectives=[
        {"name": "loss"}, {"name": "auc", "direction": "maximize"}])
    run_trials(site, study, [0.5, 0.25])
    (trial,) = site.api("POST", f"/studies/{front}/ask", {}).json["trials"]
    site.api("POST", f"/studies/{front}/trials/{trial['number']}/tell",
             {"values": [1, 2]})
    site.api("POST", "/users", {"name": "anna", "groups": ["higgs"]})
    site.api("PATCH", "/users/anna", {"disabled": True})
    site.api("PATCH", f"/studies/{study}", {"notes": "much " * 100})
    limit = test_limit_page.make_limit(site)
    test_limit_page.work(site, limit, 20)
    contour = test_contour_page.make_contour(site)
    test_contour_page.work(site, contour, 14)
    grid = test_grid_page.make_grid(site)
    test_grid_page.part(site, grid)
    campaign = test_campaign_page.make_campaign(site)["id"]
    (group,) = site.api("GET", "/groups").json["groups"]
    return {
        "#/": "jet tagger",
        f"#/study/{study}": "jet tagger",
        f"#/study/{front}": "Pareto front",
        f"#/study/{study}/trials?trial=1": "Where it comes from",
        f"#/study/{study}/analysis": "Correlation of ranks",
        f"#/compare?ids={study},{front}": "Settings that differ",
        "#/api/ask": "With curl",
        f"#/study/{study}/audit": "study.patch",
        f"#/study/{limit}/limit?clsb=1&clb=1": "of the toys failed",
        f"#/study/{contour}/contour": "on the contour",
        f"#/study/{grid}/grid": "no convergence",
        "#/campaigns": "mass scan",
        f"#/campaign/{campaign}": "m0100",
        "#/profile": "Profile",
        "#/tokens": "Tokens",
        "#/admin": "New user",
        "#/admin/users/anna": "Use and quotas",
        "#/admin/groups": "higgs",
        f"#/admin/groups/{group['id']}": "Put in by",
        "#/admin/audit": "study.patch",
        "#/admin/settings": "listen",
        "#/admin/load": "Database",
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(site, open_page, scheme):
    assert (AXE / "axe.min.js").exists(), "fetch it with `make axe`"
    shown = fill(site)
    page = open_page(color_scheme=scheme)
    page.goto(site.url + "/")
    expect(page.get_by_label("API token")).to_be_visible()
    found = {"sign-in": violations(page)}
    sign_in(page, site)
    for where, text in shown.items():
        page.goto(site.url + "/" + where)
        expect(page.locator("main")).to_contain_text(text)
        page.evaluate(OPEN)
        found[where] = violations(page)
    page.locator("#who").click()
    found["menu"] = violations(page)
    assert {where: list_ for where, list_ in found.items() if list_} == {}
    assert page.wrong == []


def test_axe_would_find_a_fault(site, open_page):
    page = open_page()
    page.goto(site.url + "/")
    expect(page.get_by_label("API token")).to_be_visible()
    page.evaluate("""main.insertAdjacentHTML('beforeend',
        '<img src="icon.svg"><input>')""")
    (image, label) = violations(page)
    assert image.startswith("image-alt:") and label.startswith("label:")


def test_axe_looks_at_every_page_there_is(site, open_page):
    page = open_page()
    page.goto(site.url + "/")
    missed = page.evaluate(
        """async hashes => (await import('/pages.js')).PAGES
          .filter(({address}) => !hashes.some(hash => address.test(hash)))
          .map(({address}) => String(address))""", list(fill(site)))
    assert missed == []
