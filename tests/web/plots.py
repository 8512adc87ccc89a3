# SPDX-License-Identifier: GPL-3.0-or-later
"""plots.py - reads back from a page what a plot has drawn"""

import math
import xml.etree.ElementTree as ElementTree

from playwright.sync_api import expect


def card(page, title):
    """Return the card of a plot once something is drawn in it."""
    one = page.get_by_role("region", name=title, exact=True)
    expect(one.locator(".drawing svg")).to_be_visible()
    return one


def drawing(page, title):
    """Return the drawing of a plot."""
    return card(page, title).locator(".drawing svg")


def scale(plot, letter, log=False):
    """Return a function from values to pixels, as the ticks of an axis say."""
    ticks = plot.locator(f".{letter}-tick").evaluate_all(
        "(list, letter) => list.map(tick => [Number(tick.dataset.at), "
        "Number(tick.getAttribute(letter)) - (letter === 'y' ? 4 : 0)])",
        letter)
    f = math.log10 if log else float
    (a, first), (b, last) = ticks[0], ticks[-1]

    def pixel(value):
        return first + (f(value) - f(a)) / (f(b) - f(a)) * (last - first)
    return pixel


def marks(plot, selector):
    """Return the data attributes of what matches, and the place of its mark."""
    return plot.locator(selector).evaluate_all("""list => list.map(one => {
      const mark = one.matches('[data-x]') ? one
        : one.querySelector('[data-x]');
      return {...one.dataset, x: Number(mark?.dataset.x),
        y: Number(mark?.dataset.y), class: one.getAttribute('class')};
    })""")


def path(plot, selector):
    """Return the points of a path of straight lines, once it is there."""
    first = plot.locator(selector).first
    text = first.get_attribute("d")
    numbers = [float(word) for word in text.replace("M", " ").replace(
        "L", " ").replace("Z", " ").split()]
    return list(zip(numbers[::2], numbers[1::2]))


def near(pixel, wanted):
    """Return whether two places are the same but for rounding."""
    return abs(pixel - wanted) < 0.5


def saved(page, title, kind, folder):
    """Save a plot by its menu; return the file."""
    menu = card(page, title)
    menu.get_by_label(f"Save {title}").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name=kind).click()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target


def check_files(page, title, folder):
    """Save a plot in all ways; return the lines of its CSV.

    The SVG has its looks in itself and draws what the page does; the PNG is a
    picture of twice the size.
    """
    plot = drawing(page, title)
    tree = ElementTree.parse(saved(page, title, "SVG", folder)).getroot()
    drawn = [one for one in tree.iter() if one.tag.endswith("}path")]
    assert len(drawn) == plot.locator("path").count() > 0
    assert all("fill" in one.attrib for one in drawn)
    assert not any("class" in one.attrib or "style" in one.attrib
                   for one in tree.iter())
    png = saved(page, title, "PNG", folder).read_bytes()
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert width == 2 * float(tree.attrib["width"])
    return saved(page, title, "CSV", folder).read_text().splitlines()


def no_overflow(page):
    """Return whether the page is no wider than the window."""
    return page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth")
