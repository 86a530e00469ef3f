package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import dev.sluice.console.Chromium.Look;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An operator's first hour, from the generated password to a call and its cost, as a person clicks through it. */
class FirstHourTest {
    private static final String CALL =
            "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private static Gateway gateway;
    private static ScriptedVendor vendor;
    private static Chromium chromium;

    @BeforeAll
    static void start() {
        chromium = Chromium.start();
        gateway = Gateway.start();
        vendor = ScriptedVendor.start();
    }

    @AfterAll
    static void stop() {
        if (chromium != null) {
            chromium.close();
            vendor.close();
            gateway.close();
        }
    }

    @Test
    void fromTheGeneratedPasswordToACallAndItsCost() throws IOException {
        String generated =
                Files.readString(gateway.dataDir().resolve("root-password")).strip();
        try (Person root = chromium.person(gateway, Look.DESK)) {
            root.comes().pictures("sign-in").signsIn("root", generated);
            choosesAPassword(root);
            addsAChannel(root);
            String key = makesAToken(root);
            gateway.call(key, CALL).expect(200);
            seesTheCallAndItsCost(root);
            playsAround(root);
            root.opens("overview").sees("Nothing needs attention.");
            root.findsNothingWrong();
        }
    }

    private static void choosesAPassword(Person root) {
        root.sees("Choose a password")
                .fills("New password", "a better password")
                .fills("New password again", "a better password")
                .presses("Change password");
        root.sees("Three steps to the first call").pictures("first-steps");
        root.presses("Sign out");
        root.sees("Sign in").signsIn("root", "a better password").sees("Three steps to the first call");
    }

    private static void addsAChannel(Person root) {
        root.link("Add a channel").click();
        root.picks("Vendor", "openai-compatible")
                .fills("Name", "Berlin")
                .fills("Base URL", vendor.baseUrl())
                .fills("Channel keys", "sk-vendor-key-1\nsk-vendor-key-2");
        assertThat(root.field("Vendor").locator("option").count())
                .as("the whole catalog")
                .isGreaterThan(70);
        root.presses("Fetch from the vendor").sees("2 models").pictures("models");
        root.presses("Choose all").presses("Take 2");
        root.presses("Test").sees("It works");
        assertThat(vendor.calls().getLast().json().path("stream").asBoolean()).isFalse();
        root.presses("Test streamed").sees("It works").pictures("channel");
        root.presses("Add a channel");
        root.link("Berlin").waitFor();
        root.sees("ok").pictures("channels");
    }

    private static String makesAToken(Person root) {
        root.opens("tokens").presses("New token");
        root.fills("Name", "laptop").field("unlimited").uncheck();
        root.fills("Quota", "5").pictures("token").presses("Make token");
        root.sees("laptop is ready");
        String key = root.front().locator(".key code").innerText();
        assertThat(key).matches("sk-[0-9A-Za-z]{48}");
        root.front().locator(".key").getByRole(AriaRole.BUTTON).click();
        assertThat(root.page().evaluate("navigator.clipboard.readText()")).isEqualTo(key);
        root.front()
                .getByRole(AriaRole.TAB, new Locator.GetByRoleOptions().setName("Python"))
                .click();
        assertThat(root.front().locator(".snippet pre").innerText())
                .contains("base_url=\"" + gateway.url() + "/v1\"")
                .contains(key);
        root.pictures("key").presses("I have kept it");
        return key;
    }

    private static void seesTheCallAndItsCost(Person root) {
        root.opens("calls").sees("gpt-4o-mini").pictures("calls");
        root.page().locator("tbody a").first().click();
        root.sees("What it cost").sees("laptop").sees("Berlin").pictures("call");
        assertThat(root.page().locator("main").innerText())
                .contains("laptop")
                .contains("Berlin")
                .contains("$0.00000315") // 9 × 0.15 + 3 × 0.6 dollars a million
                .contains("the vendor");
    }

    private static void playsAround(Person root) {
        vendor.then(Script.events(ScriptedVendor.chatStream("Nice to meet you.", 12, 5)));
        root.opens("playground");
        root.fills("Model", "gpt-4o-mini").fills("System prompt", "Be brief.").fills("Message.*", "Who are you?");
        root.presses("Send")
                .sees("Nice to meet you.")
                .sees("to the first token")
                .pictures("playground");
        String body = vendor.calls().getLast().json().path("messages").toString();
        assertThat(body).contains("Be brief.").contains("Who are you?");
        root.presses("Show as curl").seesInFront("curl -N " + gateway.url() + "/v1/chat/completions");
        root.front().locator("footer button").click();
        root.presses("See this call").sees("What it cost").sees("Playground");
    }
}
