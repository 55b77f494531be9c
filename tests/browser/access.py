"""What a page owes to everybody: the accessibility rules, and contrast as it is seen."""
import pathlib

HERE = pathlib.Path(__file__).parent
AXE = HERE / "node_modules/axe-core/axe.min.js"
CONTRAST = (HERE / "contrast.js").read_text()
BLANK = "*, *::placeholder { color: transparent !important; -webkit-text-fill-color: transparent !important; } svg.icon { visibility: hidden !important; }"


def broken_rules(browser):
    """What axe-core finds wrong with the page as it is: one line each."""
    assert AXE.exists(), "axe-core is not there: npm ci in tests/browser"
    browser.script(AXE.read_text())
    browser.driver.set_script_timeout(120)
    found = browser.driver.execute_async_script(
        "axe.run(document, { resultTypes: ['violations'] }).then((found) => arguments[0](found.violations))")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def faint_words(browser, judge):
    """Words that stand out too little from the pixels behind them; `judge` is a browser at an empty page."""
    # A colour that is on its way to another theme's is not what anybody reads; what moves, stands still.
    browser.script("document.getAnimations().forEach((one) => one instanceof CSSTransition ? one.finish() : one.pause())")
    words = browser.script(f"{CONTRAST}; return texts();")
    assert words, "no words were found"
    browser.script("const blank = new CSSStyleSheet(); blank.replaceSync(arguments[0]); document.adoptedStyleSheets = [blank];", BLANK)
    picture = browser.driver.get_screenshot_as_base64()
    browser.script("document.adoptedStyleSheets = []; document.getAnimations().forEach((one) => one.play())")
    judge.driver.set_script_timeout(120)
    judged = judge.driver.execute_async_script(
        f"{CONTRAST}; const done = arguments[2]; judge(arguments[0], arguments[1], 1).then(done, (fault) => done(String(fault)));", picture, words)
    assert isinstance(judged, list), judged
    return [f"{one['ratio']:.2f} < {one['least']}: {one['text']}" for one in judged if one["ratio"] < one["least"]]
