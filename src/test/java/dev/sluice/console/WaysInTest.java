package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.console.Chromium.Look;
import dev.sluice.testing.Authenticator;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.StubProvider;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The ways into the console besides the password; and a channel dragged to another priority. */
class WaysInTest {
    private static final String PASSWORD = "a long password";

    private static Gateway gateway;
    private static StubProvider provider;
    private static Chromium chromium;

    @BeforeAll
    static void start() {
        chromium = Chromium.start();
        provider = StubProvider.start();
        gateway = Gateway.start(
                "SLUICE_ROOT_PASSWORD=" + PASSWORD,
                "SLUICE_OIDC_ISSUER=" + provider.issuer(),
                "SLUICE_OIDC_CLIENT_ID=" + StubProvider.CLIENT,
                "SLUICE_OIDC_CLIENT_SECRET=" + StubProvider.SECRET,
                "SLUICE_OIDC_NAME=Example",
                "SLUICE_OIDC_CREATE_USERS=true",
                "SLUICE_PUBLIC_URL=https://gateway.example");
        provider.sendsBackTo(gateway.url());
    }

    @AfterAll
    static void stop() {
        if (chromium != null) {
            chromium.close();
            gateway.close();
            provider.close();
        }
    }

    private static String user(String name) {
        gateway.api("POST", "/users", "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\"}")
                .expect(201);
        return name;
    }

    @Test
    void anAppIsMadeKnown_thenASignInAsksForItsCode_andARecoveryCodeTurnsItOff() {
        String name = user("careful");
        try (Person person = chromium.person(gateway, Look.DESK).comes().signsIn(name, PASSWORD)) {
            person.opens("profile").presses("Turn second factor on");
            person.fills("Password", PASSWORD).presses("Next").seesInFront("Scan this");
            Authenticator app =
                    new Authenticator(person.front().locator(".key code").textContent());
            assertThat(person.barriers()).isEmpty();
            person.pictures("second-factor");
            person.fills("Code", "12").presses("Turn on");
            assertThat(person.marked()).containsExactly("Code");
            String used = app.code();
            person.fills("Code", used).presses("Turn on").seesInFront("The second factor is on.");
            List<String> codes = person.front().locator(".codes code").allTextContents();
            assertThat(codes).hasSize(10).allMatch(code -> code.matches("([A-Z2-7]{4}-){3}[A-Z2-7]{4}"));
            assertThat(person.barriers()).isEmpty();
            person.presses("I have kept them").sees("10 left");

            try (Person again = chromium.person(gateway, Look.PHONE).comes().signsIn(name, PASSWORD)) {
                again.field("验证码").waitFor();
                assertThat(again.barriers()).isEmpty();
                assertThat(again.overflow()).isZero();
                again.fills("验证码", used).page().keyboard().press("Enter");
                assertThat(again.marked()).containsExactly("验证码");
                again.fills("验证码", app.code(1)).page().keyboard().press("Enter");
                again.heading().waitFor();
                assertThat(again.complaintsButRefusals()).isEmpty();
            }

            person.presses("Turn second factor off");
            person.fills("Password", PASSWORD).fills("Code", codes.getFirst().toLowerCase(java.util.Locale.ROOT));
            person.front().locator("form button.danger").click();
            person.page().locator("button:has-text('Turn second factor on')").waitFor();
            assertThat(person.complaintsButRefusals()).isEmpty();
        }
    }

    @Test
    void aButtonLeadsToTheProviderAndBack_andWhyNotIsSaid() {
        provider.is("ann-1", "ann");
        try (Person person = chromium.person(gateway, Look.DESK).comes()) {
            person.link("Sign in with Example").click();
            person.page().waitForURL("**/#/overview");
            person.heading().waitFor();
            person.opens("profile").sees("linked");
            assertThat(person.barriers()).isEmpty();
            assertThat(person.complaintsButRefusals())
                    .allMatch(complaint -> complaint.startsWith("asked another host: " + provider.issuer()));
        }
        provider.is("ann-1", "ann").signsBy("none");
        try (Person person = chromium.person(gateway, Look.DESK).comes()) {
            person.link("Sign in with Example").click();
            person.sees("The provider does not answer, or not as it should.");
            assertThat(person.field("Username").isVisible()).isTrue();
        }
    }

    @Test
    void aChannelIsDraggedToAnothersPriority() {
        JsonNode low = channel("Low", 0);
        channel("High", 5);
        try (Person root = chromium.person(gateway, Look.DESK).comes().signsIn("root", PASSWORD)) {
            root.heading().waitFor();
            root.opens("channels");
            root.page().dragAndDrop("tr:has-text('Low') .handle", "tr:has-text('High')");
            root.sees("Low has priority 5 now.");
            assertThat(gateway.api("GET", "/channels/" + low.path("id").asLong(), null)
                            .json()
                            .path("priority")
                            .asInt())
                    .isEqualTo(5);
            root.findsNothingWrong();
        }
    }

    private static JsonNode channel(String name, int priority) {
        return gateway.api("POST", "/channels", """
                        {"name":"%s","vendor":"openai","models":["*"],"priority":%d}""".formatted(name, priority))
                .expect(201)
                .json();
    }
}
