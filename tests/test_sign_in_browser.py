"""The sign-in page in a browser: by keyboard, in both languages, with a passkey, to the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway_world import run, world
from phone_bench import CHROMIUM, CHROMIUM_ARGS
from vigia.run.invitations import invite
from vigia.terms import Role

playwright = pytest.importorskip("playwright.async_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here"),
]
WORDS = "copper ladder mostly eleven"


def test_a_watch_officer_makes_an_account_and_signs_in_by_keyboard_and_by_passkey(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w, playwright.async_playwright() as p:
            made = invite(tmp_path, name="Dana Holt", role=Role.WATCH_OFFICER, person_id="dana")
            browser = await p.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
            size = {"width": 900, "height": 800}
            context = await browser.new_context(locale="es-MX", viewport=size)
            page = await context.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda e: errors.append(str(e)))
            await page.goto(f"{w.url}/sign-in#{made.token}")
            await page.wait_for_selector("vigia-sign-in[data-ready] form")
            assert "Cree su cuenta" in await page.inner_text("h1")
            await page.screenshot(path="artefacts/sign-in-claim-es.png")
            await page.keyboard.type("dana")  # the first field has the focus
            await page.keyboard.press("Tab")
            await page.keyboard.type(WORDS)
            await page.keyboard.press("Enter")
            await page.wait_for_selector(".codes li")
            assert await page.locator(".codes li").count() == 8
            assert made.token not in page.url
            await page.keyboard.press("Enter")  # "I have written them down" has the focus
            await page.wait_for_url("**/console")
            cdp = await context.new_cdp_session(page)
            await cdp.send("WebAuthn.enable")
            options = {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }  # fmt: skip
            await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
            await page.get_by_role("link", name="Su cuenta").click()
            await page.wait_for_selector("vigia-account[data-ready]")
            assert "Dana Holt · dana" in await page.inner_text("main")
            for turn in range(2):  # the first is taken away again
                await page.click("[data-act=passkey]")
                await page.wait_for_selector("[data-passkey]")
                if turn == 0:
                    await page.click("[data-passkey] button")
                    await page.wait_for_selector("text=ya no abre nada")
            await page.screenshot(path="artefacts/account-es.png", full_page=True)
            await page.click("[data-act=sign-out]")

            await page.wait_for_selector("vigia-sign-in[data-ready] form")
            await page.get_by_role("button", name="English").click()
            assert "Sign in to the console" in await page.inner_text("h1")
            await page.fill("[name=login]", "dana")
            await page.fill("[name=password]", "wrong words of chance")
            await page.keyboard.press("Enter")
            await page.wait_for_selector("[role=alert]")
            assert "not right" in await page.inner_text("[role=alert]")
            await page.screenshot(path="artefacts/sign-in-en.png")
            await page.click("[data-act=passkey]")
            await page.wait_for_url("**/console")
            await page.wait_for_function("() => !document.querySelector('.over')")
            assert errors == []
            await browser.close()

    run(go)
