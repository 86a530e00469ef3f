package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.TimeoutError;
import com.microsoft.playwright.options.AriaRole;
import dev.sluice.testing.Gateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.springframework.core.io.ClassPathResource;

/** Somebody at the console, who notes all that a browser complains of: errors, broken rules of the CSP, other hosts asked. */
final class Person implements AutoCloseable {
    /** Milliseconds after which a person gives up. */
    private static final double PATIENCE = 10_000;

    /** Where screenshots go when somebody wants them; else nobody takes any. */
    private static final String PICTURES = System.getProperty("console.pictures", "");

    private static final String AXE = axe();

    private final BrowserContext context;
    private final Gateway gateway;
    private final Page page;
    private final List<String> complaints = new ArrayList<>();

    Person(BrowserContext context, Gateway gateway) {
        this.context = context;
        this.gateway = gateway;
        context.setDefaultTimeout(PATIENCE);
        page = context.newPage();
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                complaints.add(message.text());
            }
        });
        page.onPageError(complaints::add);
        page.onRequest(request -> {
            if (!request.url().startsWith(gateway.url()) && !request.url().matches("(data|blob):.*")) {
                complaints.add("asked another host: " + request.url());
            }
        });
    }

    /** Another window of the same person, signed in as this one is. */
    Person again(Chromium chromium, Chromium.Look look) {
        return chromium.person(gateway, look, context.storageState()).comes();
    }

    Page page() {
        return page;
    }

    BrowserContext context() {
        return context;
    }

    /** What the browser complained of since this was asked for last. */
    List<String> complaints() {
        List<String> all = List.copyOf(complaints);
        complaints.clear();
        return all;
    }

    /** As {@link #complaints()}, but for answers of the API that refuse: the browser notes each of those as an error. */
    List<String> complaintsButRefusals() {
        return complaints().stream()
                .filter(text -> !text.startsWith("Failed to load resource: the server responded with a status of "))
                .toList();
    }

    Person comes() {
        page.navigate("/");
        return this;
    }

    Person signsIn(String name, String password) {
        fills("Username|用户名", name);
        fills("Password|密码", password);
        page.waitForResponse(
                answer -> answer.url().endsWith("/api/session")
                        && answer.request().method().equals("POST"),
                () -> page.keyboard().press("Enter"));
        return this;
    }

    /** Opens a page of the console by its path, and waits for its heading and for what it fetches. */
    Person opens(String path) {
        page.navigate("/#/" + path);
        heading().waitFor();
        while (page.locator("main .loading").count() > 0) {
            page.waitForTimeout(20);
        }
        return this;
    }

    Locator heading() {
        return page.locator("main h1");
    }

    Locator button(String name) {
        return front().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(words(name)));
    }

    Locator link(String name) {
        return front().getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName(words(name)));
    }

    Person presses(String name) {
        button(name).first().click();
        return this;
    }

    /** By the field's label, whole, with or without the mark of a required one. */
    Locator field(String label) {
        return front().getByLabel(words(label)).first();
    }

    Person fills(String label, String text) {
        field(label).fill(text);
        return this;
    }

    Person picks(String label, String value) {
        field(label).selectOption(value);
        return this;
    }

    /** The fields that are marked as wrong, by their labels; waits until there are any. */
    List<String> marked() {
        front().locator("[aria-invalid=true]").first().waitFor();
        return front().locator("[aria-invalid=true]").all().stream()
                .map(field -> (String) field.evaluate("each => each.labels[0].textContent"))
                .map(label -> label.replace("*", "").strip())
                .toList();
    }

    /** The text, wherever it stands; waits for it. */
    Person sees(String text) {
        try {
            page.getByText(text).first().waitFor();
        } catch (TimeoutError missing) {
            page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target", "console-missed.png")));
            throw missing;
        }
        return this;
    }

    Person seesInFront(String text) {
        front().getByText(text).first().waitFor();
        return this;
    }

    /** The dialog on top, where there is one, else the page. */
    Locator front() {
        Locator dialog = page.locator("dialog[open]");
        return dialog.count() > 0 ? dialog.last() : page.locator("body");
    }

    private static Pattern words(String text) {
        return Pattern.compile("^\\s*(" + text + ")\\*?\\s*$");
    }

    /** What axe finds that is serious or worse, a line each: the rule and where it is broken. */
    @SuppressWarnings("unchecked")
    List<String> barriers() {
        page.evaluate(AXE);
        return (List<String>) page.evaluate("""
                async () => {
                  const found = await axe.run(document, { resultTypes: ['violations'] });
                  return found.violations
                    .filter((rule) => rule.impact === 'serious' || rule.impact === 'critical')
                    .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.html.slice(0, 200)} ${node.failureSummary}`));
                }""");
    }

    /** How many pixels of the page stick out to the right of the window. */
    int overflow() {
        Object pixels = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        return ((Number) pixels).intValue();
    }

    /** Keeps what is seen now as a picture of that name, for docs/console.md; see CONTRIBUTING.md. */
    Person pictures(String name) {
        if (!PICTURES.isEmpty()) {
            page.waitForTimeout(700); // toasts come, charts are painted
            page.screenshot(
                    new Page.ScreenshotOptions().setPath(Path.of(PICTURES, name.toLowerCase(Locale.ROOT) + ".png")));
        }
        return this;
    }

    void findsNothingWrong() {
        assertThat(complaints()).as("what the browser complained of").isEmpty();
    }

    private static String axe() {
        try {
            return new ClassPathResource("axe.min.js").getContentAsString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
