package dev.sluice.console;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import dev.sluice.testing.Gateway;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The machine's own Chromium, without a window. Where there is none the tests are skipped; {@code .ci/run} sees to one. */
final class Chromium implements AutoCloseable {
    /** How somebody looks at the console. */
    record Look(int width, int height, ColorScheme light, String locale) {
        static final Look DESK = new Look(1280, 800, ColorScheme.LIGHT, "en-US");
        static final Look PHONE = new Look(375, 760, ColorScheme.DARK, "zh-CN");
    }

    private final Playwright playwright;
    private final Browser browser;

    private Chromium(Playwright playwright, Browser browser) {
        this.playwright = playwright;
        this.browser = browser;
    }

    static Chromium start() {
        Optional<Path> program = Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        Assumptions.assumeTrue(program.isPresent(), "no Chromium on this machine");
        Playwright playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        Browser browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(program.orElseThrow())
                        .setArgs(List.of("--no-sandbox"))); // tests run as root in containers
        return new Chromium(playwright, browser);
    }

    /** Somebody new, with no cookies and nothing remembered. */
    Person person(Gateway gateway, Look look) {
        return person(gateway, look, "{}");
    }

    /** Somebody with these cookies and memories. */
    Person person(Gateway gateway, Look look, String state) {
        return new Person(
                browser.newContext(new Browser.NewContextOptions()
                        .setStorageState(state)
                        .setBaseURL(gateway.url())
                        .setViewportSize(look.width, look.height)
                        .setColorScheme(look.light)
                        .setLocale(look.locale)
                        .setPermissions(List.of("clipboard-read", "clipboard-write"))),
                gateway);
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
