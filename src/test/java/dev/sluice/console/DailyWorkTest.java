package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.FileChooser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.FilePayload;
import com.microsoft.playwright.options.WaitForSelectorState;
import dev.sluice.console.Chromium.Look;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.ScriptedVendor;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The days after the first hour: channels changed many at once and copied, a search in the ledger, pictures, answers that were kept. */
class DailyWorkTest {
    private static final String NAME = "daily-worker";
    private static final String PASSWORD = "a long password";

    /** One pixel each, of two colours. */
    private static final List<String> PIXELS = List.of(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4IScHAAK2AQUKW6YGAAAAAElFTkSuQmCC",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mOQkzsBAAFiAQUv5nCNAAAAAElFTkSuQmCC");

    private static final Locator.WaitForOptions GONE =
            new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED);

    private static Gateway gateway;
    private static ScriptedVendor vendor;
    private static Chromium chromium;
    private static long userId;
    private static Person signedIn;

    private Person admin;

    @BeforeAll
    static void start() {
        chromium = Chromium.start();
        gateway = Gateway.shared();
        gateway.clearChannels();
        vendor = ScriptedVendor.start();
        userId = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"" + NAME + "\",\"password\":\"" + PASSWORD + "\",\"role\":\"admin\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        signedIn = chromium.person(gateway, Look.DESK).comes().signsIn(NAME, PASSWORD);
        signedIn.heading().waitFor();
    }

    @AfterAll
    static void stop() {
        if (chromium != null) {
            chromium.close();
            gateway.clearChannels();
            gateway.api("DELETE", "/users/" + userId, null);
            vendor.close();
        }
    }

    @BeforeEach
    void openAWindow() {
        admin = signedIn.again(chromium, Look.DESK);
        admin.heading().waitFor();
    }

    @AfterEach
    void nothingElseWentWrong() {
        admin.findsNothingWrong();
        admin.close();
    }

    private static long channel(String name, String overrides) {
        return gateway.channel(vendor, "{\"name\":\"" + name + "\"," + overrides + "}")
                .path("id")
                .asLong();
    }

    /** Of the one who is signed in: an admin does not change root's. */
    private static NewToken token(String name, String more) {
        return gateway.token("{\"name\":\"" + name + "\",\"user_id\":" + userId + more + "}");
    }

    private static JsonNode channelNow(long id) {
        return gateway.api("GET", "/channels/" + id, null).expect(200).json();
    }

    private Locator row(String name) {
        return admin.page().locator("tbody tr:has(.row-name:text-is('" + name + "'))");
    }

    private void choose(String... names) {
        for (String name : names) {
            admin.field("Choose " + name).check();
        }
        admin.sees(names.length + " chosen");
    }

    @Test
    void chosenChannelsAreSwitchedAndTagged_andTheOthersAreNot() {
        String served = "\"models\":[\"daily-many\"]";
        long first = channel("Many one", served + ",\"tags\":[\"old\"]");
        long second = channel("Many two", served);
        long other = channel("Many apart", served);
        admin.opens("channels");

        choose("Many one", "Many two");
        admin.presses("Disable").sees("Saved");
        row("Many one").getByText("off").waitFor();
        row("Many two").getByText("off").waitFor();
        assertThat(List.of(enabled(first), enabled(second), enabled(other))).containsExactly(false, false, true);
        assertThat(admin.page().locator(".bulk").count())
                .as("nothing is chosen any more")
                .isZero();

        choose("Many one", "Many two");
        admin.presses("Enable");
        row("Many one").locator(".badge:text-is('ok')").waitFor();
        row("Many two").locator(".badge:text-is('ok')").waitFor();
        assertThat(List.of(enabled(first), enabled(second))).containsExactly(true, true);

        choose("Many one", "Many two");
        admin.fills("Tag", "summer").presses("Add tag");
        row("Many two").locator(".tag:text-is('summer')").waitFor();
        assertThat(tags(first)).containsExactly("old", "summer");
        assertThat(tags(second)).containsExactly("summer");
        assertThat(tags(other)).isEmpty();
        row("Many one").locator(".tag:text-is('summer')").click();
        row("Many apart").waitFor(GONE);

        choose("Many one", "Many two");
        admin.fills("Tag", "old").presses("Remove tag");
        row("Many one").locator(".tag:text-is('old')").waitFor(GONE);
        assertThat(tags(first)).containsExactly("summer");
    }

    @Test
    void chosenChannelsAreDeleted_whenThatIsSaidYesTo() {
        long first = channel("Gone one", "\"models\":[\"daily-gone\"]");
        long second = channel("Gone two", "\"models\":[\"daily-gone\"]");
        admin.opens("channels");
        choose("Gone one", "Gone two");
        admin.presses("Delete").seesInFront("Delete 2 channels?").seesInFront("Gone one, Gone two will serve no more");
        admin.presses("Cancel");
        assertThat(channelNow(first).path("name").asString()).isEqualTo("Gone one");
        admin.presses("Delete")
                .seesInFront("Delete 2 channels?")
                .presses("Delete")
                .sees("Deleted");
        for (long id : List.of(first, second)) {
            assertThat(gateway.api("GET", "/channels/" + id, null).status()).isEqualTo(404);
        }
    }

    @Test
    void aChannelIsCopied_andGetsKeysOfItsOwn() {
        channel(
                "Pattern",
                "\"models\":[\"daily-copied\"],\"model_mapping\":{\"daily-copied\":\"theirs\"},\"priority\":3,\"weight\":7,"
                        + "\"tags\":[\"eu\"],\"limits\":{\"rpm\":60}");
        admin.opens("channels").presses("Copy Pattern").sees("Copy a channel");
        assertThat(admin.field("Name").inputValue()).isEqualTo("Pattern (copy)");
        assertThat(admin.field("Channel keys").inputValue())
                .as("keys are never shown, so they cannot be copied")
                .isEmpty();
        admin.fills("Channel keys", "sk-another-account").presses("Add a channel");
        row("Pattern (copy)").waitFor();
        JsonNode copy = gateway.api("GET", "/channels?name=Pattern%20(copy)", null)
                .expect(200)
                .json()
                .path("data")
                .path(0);
        assertThat(copy.path("base_url").asString()).isEqualTo(vendor.baseUrl());
        assertThat(copy.path("models").toString()).isEqualTo("[\"daily-copied\"]");
        assertThat(copy.path("model_mapping").toString()).isEqualTo("{\"daily-copied\":\"theirs\"}");
        assertThat(copy.path("priority").asInt()).isEqualTo(3);
        assertThat(copy.path("weight").asInt()).isEqualTo(7);
        assertThat(copy.path("tags").toString()).isEqualTo("[\"eu\"]");
        assertThat(copy.path("limits").path("rpm").asInt()).isEqualTo(60);
        assertThat(copy.path("key_hints")).hasSize(1);
    }

    @Test
    void aChannelIsSwitchedFromTheList() {
        long id = channel("Switched", "\"models\":[\"daily-switched\"]");
        admin.opens("channels").presses("Disable Switched").sees("Channel disabled");
        row("Switched").getByText("off").waitFor();
        assertThat(enabled(id)).isFalse();
        admin.presses("Enable Switched").sees("Channel enabled");
        row("Switched").locator(".badge:text-is('ok')").waitFor();
        assertThat(enabled(id)).isTrue();
    }

    @Test
    void aTokenIsSwitchedFromTheList_andIsRefusedMeanwhile() {
        channel("Of the switched token", "\"models\":[\"daily-token\"]");
        NewToken token = token("daily switch", "");
        admin.opens("tokens?name=daily").presses("Disable daily switch").sees("Token disabled");
        row("daily switch").getByText("off").waitFor();
        assertThat(gateway.call(token.key(), chat("daily-token")).status()).isEqualTo(401);
        admin.presses("Enable daily switch").sees("Token enabled");
        row("daily switch").locator(".badge:text-is('ok')").waitFor();
        gateway.call(token.key(), chat("daily-token")).expect(200);
    }

    @Test
    void callsAreFilteredByModelStatusAndToken_andWhatIsFoundIsDownloaded() throws IOException {
        channel("Of the ledger", "\"models\":[\"daily-ledger-*\"]");
        NewToken one = token("daily one", "");
        NewToken two = token("daily two", "");
        gateway.call(one.key(), chat("daily-ledger-a")).expect(200);
        gateway.call(one.key(), chat("daily-ledger-b")).expect(200);
        vendor.refuses(400, ScriptedVendor.error("Too long", "invalid_request_error", "context_length_exceeded"));
        gateway.call(one.key(), chat("daily-ledger-a")).expect(400);
        gateway.call(two.key(), chat("daily-ledger-a")).expect(200);
        gateway.calls(one, 3);
        gateway.calls(two, 1);

        admin.opens("calls");
        filter("Model", "daily-ledger-*");
        rows(4);
        filter("Status", "200");
        rows(3);
        admin.page().locator("label.filter:has(span:text-is('Token')) select").selectOption(String.valueOf(one.id()));
        rows(2);
        filter("Model", "daily-ledger-b");
        rows(1);
        assertThat(admin.page().locator("tbody").innerText())
                .contains("daily-ledger-b")
                .contains("daily one");

        Download download = admin.page().waitForDownload(() -> admin.presses("CSV"));
        assertThat(download.suggestedFilename()).isEqualTo("calls.csv");
        List<String> lines = Files.readAllLines(download.path());
        assertThat(lines).hasSize(2);
        List<String> head = List.of(lines.getFirst().split(",", -1));
        List<String> row = List.of(lines.getLast().split(",", -1));
        assertThat(head).startsWith("id", "at").contains("model", "status", "token_id", "cost_usd");
        assertThat(row.get(head.indexOf("model"))).isEqualTo("daily-ledger-b");
        assertThat(row.get(head.indexOf("status"))).isEqualTo("200");
        assertThat(row.get(head.indexOf("token_id"))).isEqualTo(String.valueOf(one.id()));

        filter("Status", "502");
        admin.sees("No call fits these filters").presses("Clear filters");
        admin.page().locator("tbody tr").nth(3).waitFor();
        assertThat(admin.field("Model").inputValue()).isEmpty();
    }

    @Test
    void whatIsTypedIntoAFilterStays_whileTheListIsLive() {
        admin.opens("calls").fills("Model", "half a na");
        admin.page().waitForResponse(answer -> answer.url().contains("/api/calls?"), () -> {});
        admin.page().waitForTimeout(200); // the answer is painted
        assertThat(admin.field("Model").inputValue()).isEqualTo("half a na");
    }

    @Test
    void picturesAreAskedAbout_andTheVendorGetsEachOfThem() {
        channel("Of pictures", "\"models\":[\"daily-eyes\"]");
        admin.opens("playground").fills("Model", "daily-eyes").fills("Message.*", "Which is the redder?");
        FileChooser chooser = admin.page()
                .waitForFileChooser(
                        () -> admin.page().locator(".composer label.button").click());
        chooser.setFiles(PIXELS.stream()
                .map(pixel -> new FilePayload(
                        "pixel.png", "image/png", Base64.getDecoder().decode(pixel)))
                .toArray(FilePayload[]::new));
        admin.page().locator(".attached img").nth(1).waitFor();
        admin.presses("Send").sees("Hello there!");

        JsonNode content =
                vendor.calls().getLast().json().path("messages").path(0).path("content");
        assertThat(content.findValuesAsString("text")).containsExactly("Which is the redder?");
        assertThat(content.findValuesAsString("url"))
                .containsExactlyElementsOf(PIXELS.stream()
                        .map(pixel -> "data:image/png;base64," + pixel)
                        .toList());
        Locator shown = admin.page().locator(".message.user img");
        assertThat(shown.count()).isEqualTo(2);
        assertThat(shown.first().evaluate("each => each.naturalWidth"))
                .as("the browser draws it")
                .isEqualTo(1);
        assertThat(admin.page().locator(".attached").count()).isZero();
    }

    @Test
    void anAnswerThatWasKeptIsSaidToBe_inBothLanguages() {
        channel("Of kept answers", "\"models\":[\"daily-kept\"]");
        NewToken token = token("daily keeper", ",\"cache_ttl_seconds\":600");
        gateway.call(token.key(), chat("daily-kept")).expect(200);
        assertThat(gateway.call(token.key(), chat("daily-kept")).expect(200).header("x-cache"))
                .isEqualTo("hit");
        List<JsonNode> calls = gateway.calls(token, 2);
        String kept = calls.stream()
                .filter(call -> call.path("channel_id").isNull())
                .findFirst()
                .orElseThrow()
                .path("id")
                .asString();
        String asked = calls.stream()
                .filter(call -> !call.path("channel_id").isNull())
                .findFirst()
                .orElseThrow()
                .path("id")
                .asString();

        admin.opens("calls/" + kept).sees("kept from an earlier call; no vendor was asked");
        assertThat(went(admin)).contains("200").doesNotContain("none reached").doesNotContain("Attempts");
        admin.opens("calls?token_id=" + token.id());
        admin.page().locator("tbody span:text-is('kept answer')").waitFor();
        admin.opens("calls/" + asked).sees("Of kept answers");
        assertThat(went(admin)).contains("Attempts").doesNotContain("kept from an earlier call");

        try (Person onAPhone = signedIn.again(chromium, Look.PHONE)) {
            onAPhone.heading().waitFor();
            onAPhone.opens("calls/" + kept).sees("来自此前调用的缓存回答，未请求供应商");
            assertThat(onAPhone.overflow()).isZero();
            onAPhone.findsNothingWrong();
        }
    }

    /** What the story says about how it went. */
    private static String went(Person person) {
        return person.page()
                .locator("section.card:has(h2:text-is('How it went'))")
                .innerText();
    }

    /** Typed, and taken with Enter. */
    private void filter(String name, String text) {
        admin.field(name).fill(text);
        admin.page().keyboard().press("Enter");
    }

    private void rows(int count) {
        admin.page().waitForCondition(() -> admin.page().locator("tbody tr").count() == count);
    }

    private static boolean enabled(long id) {
        return channelNow(id).path("enabled").asBoolean();
    }

    private static List<String> tags(long id) {
        return channelNow(id).path("tags").valueStream().map(JsonNode::asString).toList();
    }

    private static String chat(String model) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    }
}
