"""The pages as files: vendored bytes are the locked ones, nothing foreign, colours in one place."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "vigia" / "web"
STATIC = WEB / "static"
VENDOR = STATIC / "vendor"
TOKENS = STATIC / "theme" / "tokens.css"
THEMES = ("dark", "light", "night-red", "nvg")
NODE = shutil.which("node")
BASEMAP_MAX = 3_000_000


def ours(*suffixes: str) -> list[Path]:
    return [
        p for p in sorted(STATIC.rglob("*")) if p.suffix in suffixes and VENDOR not in p.parents
    ]


def code(path: Path) -> str:
    """Without comments, so that what is written about colours or addresses does not count."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"(?m)^\s*//.*$", "", text)


# ---- vendored -----------------------------------------------------------------------------------


def test_vendored_files_are_the_locked_ones() -> None:
    lock = json.loads((VENDOR / "vendor.lock").read_text())["files"]
    there = {
        str(p.relative_to(VENDOR)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in VENDOR.rglob("*")
        if p.is_file() and p.name != "vendor.lock"
    }
    assert there == lock


def test_vendored_versions_are_those_of_package_json() -> None:
    wanted = json.loads((ROOT / "web-tools" / "package.json").read_text())["devDependencies"]
    packages = json.loads((VENDOR / "vendor.lock").read_text())["packages"]
    for name in ("lit", "maplibre-gl", "milsymbol", "@fontsource-variable/inter"):
        assert packages[name]["version"] == wanted[name]
        assert re.fullmatch(r"[\d.]+", wanted[name]), f"{name}: an exact version"


def test_every_vendored_package_has_its_licence_text() -> None:
    for name in ("lit", "maplibre-gl", "maplibre-gl-bundled", "inter", "milsymbol"):
        text = (VENDOR / "licenses" / f"{name}.txt").read_text()
        assert len(text) > 500
        assert not re.search(r"\bA?GPL|GNU (LESSER|AFFERO|GENERAL)", text), name


def test_the_map_is_small_and_its_sources_are_named() -> None:
    assert (WEB / "basemap" / "base.pmtiles").read_bytes()[:8] == b"PMTiles\x03"
    assert (WEB / "basemap" / "base.pmtiles").stat().st_size <= BASEMAP_MAX
    notice = (ROOT / "NOTICE").read_text()
    shown = (STATIC / "console" / "views" / "map.mjs").read_text()
    for credit in ("Natural Earth", "US Census Bureau", "GeoNames"):
        assert credit in notice
        assert credit in shown
        assert credit in (WEB / "basemap" / "SOURCES.md").read_text()


# ---- nothing foreign, nothing built ------------------------------------------------------------


def test_no_page_asks_another_origin() -> None:
    for path in ours(".mjs", ".css", ".html", ".webmanifest"):
        foreign = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s'\"`]*", code(path))
        assert [u for u in foreign if not u.startswith("http://www.w3.org/")] == [], path


def test_every_import_is_a_relative_path_to_a_file() -> None:
    """No bare names: they would need an import map, and the policy allows no inline script."""
    for path in sorted(STATIC.rglob("*.mjs")):
        if path.parent.name == "maplibre":  # minified; has none (its worker is found by URL)
            continue
        text = code(path)
        found = re.findall(r"(?:^|[\s};*])from\s*[\"']([^\"']+)[\"']", text)
        found += re.findall(r"\bimport\s*\(?\s*[\"']([^\"']+)[\"']", text)
        for name in found:
            assert name.startswith("."), f"{path}: {name}"
            assert (path.parent / name).resolve().is_file(), f"{path}: {name}"


def test_pages_have_no_inline_script_or_style() -> None:
    for path in ours(".html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<style|\sstyle=|\son\w+=", text), path
        for name in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", text):
            assert (STATIC / name.removeprefix("/static/")).is_file(), f"{path}: {name}"
    for path in ours(".mjs"):
        assert not re.search(r"\beval\(|new Function\(|\.innerHTML\b|\sstyle=[\"$]", code(path)), (
            path
        )


# ---- colours ------------------------------------------------------------------------------------


def themes() -> dict[str, dict[str, str]]:
    text = re.sub(r"/\*.*?\*/", "", TOKENS.read_text(), flags=re.DOTALL)
    out: dict[str, dict[str, str]] = {}
    for selector, body in re.findall(r"([^{}]+)\{([^}]*)\}", text):
        name = re.search(r"data-theme=\"([\w-]+)\"", selector)
        assert name, selector
        out[name.group(1)] = dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))
    return out


def test_colours_stand_in_tokens_css_only() -> None:
    for path in ours(".css"):
        if path != TOKENS:
            found = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])|\b(?:rgb|hsl)a?\(", code(path))
            assert found == [], path
    for path in ours(".mjs"):
        found = re.findall(r"['\"`]#[0-9a-fA-F]{3,8}['\"`]|\b(?:rgb|hsl)a?\(\s*\d", code(path))
        assert found == [], path


def test_every_theme_has_every_token() -> None:
    all_themes = themes()
    assert set(all_themes) == set(THEMES)
    for name in THEMES:
        assert set(all_themes[name]) == set(all_themes["dark"]), name


def test_every_token_used_exists() -> None:
    known = set(themes()["dark"]) | {"map-scale"}
    own = re.compile(r"--([\w-]+)\s*:")
    for path in ours(".css"):
        local = set(own.findall(code(path)))
        used = set(re.findall(r"var\(--([\w-]+)", code(path)))
        assert used <= known | local, path
    for path in ours(".mjs"):
        used = set(re.findall(r"\btoken\('([\w-]+)'\)", code(path)))
        assert used <= known, path


def luminance(colour: str) -> float:
    def linear(v: int) -> float:
        c = v / 255
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4

    r, g, b = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT_ON = [  # text, what it stands on: WCAG 2.2 AA, 4.5 : 1
    *((text, on) for text in ("text", "text-2", "text-3") for on in ("app", "panel", "raised")),
    ("text", "selected"),
    ("text-2", "selected"),
    *((text, "panel") for text in ("danger", "warning", "watch", "ok")),
    ("act-text", "act"),
    ("danger-on", "danger-fill"),
    ("danger-on-2", "danger-fill"),
    ("danger-on-level", "danger-fill-2"),
    ("danger-row-text", "danger-row"),
    ("text", "danger-row"),
    ("text-2", "danger-row"),
    ("warning-on", "warning-fill"),
    ("warning", "warning-row"),
    ("text-2", "warning-row"),
    ("watch-on", "watch-fill"),
    ("mark-text", "mark-a"),
    ("replay-text", "replay-a"),
    ("plate-text", "plate"),
    ("own-text", "plate"),
    ("sym-ink", "suspect"),
    ("report-text", "report"),
    ("aid-text", "aid"),
    ("hit-text", "hit"),
    ("alert-text", "alert-bg"),
    ("alert-text-2", "alert-bg"),
    ("alert-button-text", "alert-button"),
]
SHAPE_ON = [  # 3 : 1
    ("control", "panel"),
    ("focus", "panel"),
    ("act", "panel"),
    *((i, "map-land") for i in ("unknown", "suspect", "hostile", "friend", "neutral", "own")),
    ("map-danger", "map-land"),
]


@pytest.mark.parametrize("theme", THEMES)
def test_contrast_is_enough(theme: str) -> None:
    token = themes()[theme]
    weak = [
        f"{a} on {b}: {ratio:.2f}, need {least}"
        for pairs, least in ((TEXT_ON, 4.5), (SHAPE_ON, 3.0))
        for a, b in pairs
        if (ratio := contrast(token[a], token[b])) < least
    ]
    assert weak == []


def test_goggles_theme_has_no_red_and_red_theme_nothing_else() -> None:
    for name, value in themes()["nvg"].items():
        r, g, b = (int(value[i : i + 2], 16) for i in (1, 3, 5)) if value[0] == "#" else (0, 0, 0)
        assert max(r, b) <= g, f"nvg --{name} {value}"
    for name, value in themes()["night-red"].items():
        r, g, b = (int(value[i : i + 2], 16) for i in (1, 3, 5)) if value[0] == "#" else (0, 0, 0)
        assert max(g, b) <= r, f"night-red --{name} {value}"


# ---- words --------------------------------------------------------------------------------------


def words(lang: str) -> dict[str, str]:
    return json.loads((STATIC / "i18n" / f"{lang}.json").read_text())


def test_english_and_spanish_have_the_same_keys_and_holes() -> None:
    en, es = words("en"), words("es")
    assert set(en) == set(es)
    for key in en:
        assert set(re.findall(r"\{\w+\}", en[key])) == set(re.findall(r"\{\w+\}", es[key])), key


def setup_words() -> dict[str, str]:
    """The words of setup, which phones never load."""
    return json.loads((STATIC / "setup" / "en.json").read_text())


def used_words() -> tuple[set[str], set[str]]:
    """Whole keys, and beginnings of keys whose end is computed."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in ours(".mjs"):
        text = code(path)
        whole |= set(re.findall(r"['\"]([a-z_]+(?:\.[\w-]+)+)['\"]", text))
        begun |= set(re.findall(r"`([a-z_]+(?:\.[\w-]+)*\.[\w-]*)\$\{", text))
    return whole, begun


def test_every_word_of_the_console_exists_and_is_used() -> None:
    whole, begun = used_words()
    keys = set(words("en"))
    mine = {w for w in whole if w.startswith("console.")}
    assert mine <= keys, mine - keys
    own = {"setup": {k.removeprefix("setup.") for k in setup_words()}}  # its t() adds the prefix
    for path in ours(".mjs"):
        for key in re.findall(r"\bt\(\s*['\"]([^'\"]+)['\"]", code(path)):
            assert key in own.get(path.parent.name, keys), f"{path}: {key}"
    for start in begun:
        if start.startswith(("console.", "alert.")):
            assert any(k.startswith(start) for k in keys), start
    idle = {
        k
        for k in keys
        if k.startswith("console.") and k not in whole and not k.startswith(tuple(begun))
    }
    assert idle == set()


def test_only_a_named_person_says_hostile_and_nothing_says_safe() -> None:
    by_a_person = ("console.hostile.", "console.identity.hostile")
    for lang in ("en", "es"):
        for key, text in words(lang).items():
            if not key.startswith(by_a_person):
                assert not re.search(r"hostil|enem", text, re.IGNORECASE), f"{lang} {key}"
    assert not re.search(r"\bsafe\b(?!ty)", words("en")["console.calm.title"], re.IGNORECASE)


# ---- modules in node ----------------------------------------------------------------------------


@pytest.mark.skipif(NODE is None, reason="no node here: the pages' pure modules are not tested")
def test_pure_modules_pass_their_own_tests() -> None:
    files = [str(p) for p in sorted((ROOT / "web-tools" / "tests").glob("*.test.mjs"))]
    assert files
    run = subprocess.run(
        [str(NODE), "--test", *files], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


@pytest.mark.skipif(NODE is None, reason="no node here: MGRS and UTM are not compared with PROJ")
def test_utm_and_mgrs_agree_with_proj() -> None:
    import pyproj

    points = [(-106.742, 31.792), (-117.12, 32.53), (-97.14, 25.95), (151.2, -33.9), (3.0, 0.001)]
    script = (
        f"import {{toUtm, fromUtm, mgrs}} from {json.dumps(str(STATIC / 'map' / 'geo.mjs'))};"
        f"console.log(JSON.stringify({json.dumps(points)}.map((p) => "
        "({...toUtm(p), back: fromUtm(toUtm(p), p[1] < 0), mgrs: mgrs(p)}))));"
    )
    run = subprocess.run(
        [str(NODE), "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for (lon, lat), got in zip(points, json.loads(run.stdout), strict=True):
        crs = pyproj.CRS.from_dict(
            {"proj": "utm", "zone": got["zone"], "south": lat < 0, "ellps": "WGS84"}
        )
        east, north = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
        assert got["easting_m"] == pytest.approx(east, abs=0.01)
        assert got["northing_m"] == pytest.approx(north, abs=0.01)
        assert got["back"] == pytest.approx([lon, lat], abs=1e-8)
        assert got["mgrs"].endswith(f"{int(east) % 100000:05d} {int(north) % 100000:05d}")
    assert json.loads(run.stdout)[0]["mgrs"].startswith("13R CR ")


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_a_console_holds_only_alerts_of_its_own_person() -> None:
    model = (STATIC / "console" / "model.mjs").as_uri()
    script = f"""
        import {{ownAlerts}} from {model!r};
        const alerts = new Map(["boss", "p1", null].map((p) => [`a-${{p}}`,
          {{alert_id: `a-${{p}}`, person_id: p}}]));
        console.log(JSON.stringify([
          ownAlerts({{person: {{person_id: "boss"}}, alerts}}),
          ownAlerts({{person: null, alerts}})]));
    """
    done = subprocess.run(
        [NODE or "node", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout.strip() == '[["a-boss"],[]]'


def test_nothing_on_any_page_flashes() -> None:
    """WCAG 2.3.1 allows three flashes a second; no page has one: no style animates."""
    for path in STATIC.glob("[!v]*/**/*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert "@keyframes" not in text, path.name
        for value in re.findall(r"[^-\w]animation(?:-name)?\s*:\s*([^;}]+)", text):
            assert value.split()[0] == "none", f"{path.name}: animation {value}"
