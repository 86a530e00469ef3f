package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import dev.sluice.console.Chromium.Look;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Wrong input on each form: what was typed stays, and the field is marked. And what goes wrong elsewhere. */
class MishapsTest {
    private static final String PASSWORD = "a long password";

    private static Gateway gateway;
    private static ScriptedVendor vendor;
    private static Chromium chromium;

    private static Person signedIn;

    private Person root;

    @BeforeAll
    static void start() {
        chromium = Chromium.start();
        gateway = Gateway.start("SLUICE_ROOT_PASSWORD=" + PASSWORD);
        vendor = ScriptedVendor.start();
        gateway.channel(vendor, "{\"name\":\"Berlin\",\"models\":[\"gpt-4o-mini\"]}");
        signedIn = chromium.person(gateway, Look.DESK).comes().signsIn("root", PASSWORD);
    }

    @AfterAll
    static void stop() {
        if (chromium != null) {
            chromium.close();
            vendor.close();
            gateway.close();
        }
    }

    @BeforeEach
    void openAWindow() {
        root = signedIn.again(chromium, Look.DESK);
        root.heading().waitFor();
    }

    @AfterEach
    void nothingElseWentWrong() {
        assertThat(root.complaintsButRefusals())
                .as("what the browser complained of")
                .isEmpty();
        root.close();
    }

    @Test
    void aWrongPasswordIsSaidSo_andTheNameStays() {
        try (Person stranger = chromium.person(gateway, Look.DESK).comes()) {
            stranger.signsIn("root", "not this one").sees("The name or the password is wrong.");
            assertThat(stranger.field("Username").inputValue()).isEqualTo("root");
            stranger.signsIn("root", PASSWORD).sees("Needs attention");
        }
    }

    @Test
    void twoPasswordsThatDifferAreMarked_andSoIsAShortOne() {
        root.opens("profile").fills("New password", "long enough").fills("New password again", "long enouhg");
        root.presses("Change password");
        assertThat(root.marked()).containsExactly("New password again");
        root.fills("New password", "short").fills("New password again", "short").presses("Change password");
        root.page().locator(".fault:has-text('8 characters or more')").waitFor();
        assertThat(root.marked()).containsExactly("New password");
    }

    @Test
    void aWrongChannelIsMarked_alsoWhereItIsFoldedAway_andWhatWasTypedStays() {
        root.opens("channels/new").picks("Vendor", "azure");
        root.fills("Name", "My account").fills("Base URL", "ftp://x").fills("Weight", "many");
        root.page().getByText("More").first().click();
        root.fills("Requests a minute", "-1");
        root.page().getByText("More").first().click();
        root.fills("Channel keys", "sk-secret").presses("Add a channel");
        assertThat(root.marked()).contains("Base URL", "Weight", "Requests a minute", "Models it serves");
        assertThat(root.field("Requests a minute").isVisible()).isTrue();
        assertThat(root.field("Name").inputValue()).isEqualTo("My account");
        assertThat(root.field("Channel keys").inputValue()).isEqualTo("sk-secret");
        assertThat(root.field("Base URL").evaluate("each => each === document.activeElement"))
                .as("the first wrong field has the focus")
                .isEqualTo(true);
        root.sees("A whole number from 1 to 1000.");
    }

    @Test
    void theApisObjectionsAreInTheReadersLanguage_withItsOwnSentenceBelow() {
        gateway.api("POST", "/users", "{\"username\":\"twin\",\"password\":\"" + PASSWORD + "\"}")
                .expect(201);
        try (Person reader = signedIn.again(chromium, new Look(1280, 800, ColorScheme.DARK, "zh-CN"))) {
            reader.heading().waitFor();
            reader.opens("users").presses("新建用户").fills("用户名", "no blanks").fills("密码", PASSWORD);
            reader.presses("新建用户");
            assertThat(reader.marked()).containsExactly("用户名");
            reader.seesInFront("有些内容需要修改");
            assertThat(reader.front().locator(".fault").innerText()).contains("1 到 64 个字母");
            reader.fills("用户名", "twin").presses("新建用户");
            reader.seesInFront("该用户名已被使用。").seesInFront("There is a user named 'twin' already.");
            assertThat(reader.barriers()).isEmpty();
            reader.presses("取消");
            reader.opens("channels").fills("权重: Berlin", "0");
            reader.page().keyboard().press("Enter");
            reader.sees("请填写 1 到 1000 的整数。");
            assertThat(reader.complaintsButRefusals()).isEmpty();
        }
    }

    @Test
    void aChannelThatDoesNotWorkIsSaidSo_beforeItIsSaved() {
        vendor.refuses(401, ScriptedVendor.error("Incorrect API key provided", "auth", "invalid_api_key"));
        root.opens("channels/new")
                .picks("Vendor", "openai-compatible")
                .fills("Base URL", vendor.baseUrl())
                .fills("Channel keys", "sk-wrong")
                .fills("Model", "gpt-4o-mini");
        root.presses("Test").sees("It does not work").sees("Incorrect API key provided");
        vendor.refuses(500, "{}");
        root.presses("Fetch from the vendor").sees("The vendor says");
    }

    @Test
    void whatIsLeftAtTheVendorIsShown_orWhyItIsNot() {
        long id = gateway.api(
                        "POST",
                        "/channels",
                        "{\"name\":\"Paid ahead\",\"vendor\":\"deepseek\",\"base_url\":\"" + vendor.baseUrl()
                                + "\",\"keys\":[\"sk-left\"],\"models\":[\"deepseek-chat\"]}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        vendor.then(Script.json(200, "{\"balance_infos\":[{\"currency\":\"CNY\",\"total_balance\":\"110.50\"}]}"));
        root.opens("channels").presses("Balance of Paid ahead at the vendor").sees("110.50 left");
        assertThat(root.button("Balance of Berlin at the vendor").count())
                .as("a vendor that tells no balance is not asked")
                .isZero();
        vendor.then(Script.json(200, "{}"));
        root.presses("Balance of Paid ahead at the vendor").sees("the answer tells no balance");
        vendor.then(Script.json(200, "{\"balance_infos\":[{\"currency\":\"CNY\",\"total_balance\":\"7\"}]}"));
        root.opens("channels/" + id).presses("Balance at the vendor").sees("7.00 left");
    }

    @Test
    void aNumberThatIsTypedInTheListIsTaken_orRefused() {
        root.opens("channels").fills("Priority: Berlin", "7");
        root.page().keyboard().press("Enter");
        root.sees("Saved");
        assertThat(gateway.api("GET", "/channels/1", null)
                        .json()
                        .path("priority")
                        .asInt())
                .isEqualTo(7);
        root.fills("Weight: Berlin", "-3");
        root.page().keyboard().press("Enter");
        root.sees("weight");
        PlaywrightAssertions.assertThat(root.field("Weight: Berlin"))
                .hasValue("1"); // what was there before, once it is refused
    }

    @Test
    void aWrongTokenIsMarked() {
        root.opens("tokens").presses("New token").field("unlimited").uncheck();
        root.fills("Quota", "five").presses("Make token");
        assertThat(root.marked()).containsExactlyInAnyOrder("Name", "Quota");
        assertThat(root.field("Quota").inputValue()).isEqualTo("five");
    }

    @Test
    void aWrongUserIsMarked() {
        root.opens("users").presses("New user");
        root.fills("Username", "with blanks in it").fills("Password", "short");
        root.presses("New user");
        assertThat(root.marked()).containsExactlyInAnyOrder("Username", "Password");
    }

    @Test
    void aWrongCreditIsMarked() {
        gateway.api("POST", "/users", "{\"username\":\"poor\",\"password\":\"" + PASSWORD + "\",\"quota_usd\":1}")
                .expect(201);
        root.opens("users").presses("Credit poor");
        root.presses("Credit");
        assertThat(root.marked()).containsExactly("Amount, US\\$".replace("\\", ""));
        root.fills("Amount, US\\$", "2.5").fills("Note", "invoice 7").presses("Credit");
        root.sees("Quota $3.50").sees("invoice 7");
    }

    @Test
    void aWrongGroupIsMarked() {
        root.opens("groups").presses("New group");
        root.fills("Name", "no blanks here").fills("Price factor", "-1").presses("New group");
        assertThat(root.marked()).containsExactlyInAnyOrder("Name", "Price factor");
    }

    @Test
    void aWrongPriceIsMarked() {
        root.opens("prices").presses("New price");
        root.fills("Model", "mine-*").fills("Input", "much").presses("Save");
        assertThat(root.marked()).contains("Input");
        root.fills("Input", "0.000001").fills("Output", "2").presses("Save");
        root.sees("mine-*");
    }

    @Test
    void wrongCodesAreMarked() {
        root.opens("codes").presses("New codes");
        root.fills("How many", "0").presses("New codes");
        assertThat(root.marked()).containsExactlyInAnyOrder("Name", "Amount, US$", "How many");
    }

    @Test
    void aWrongAccessTokenIsMarked() {
        root.opens("access").presses("New access token").presses("New access token");
        assertThat(root.marked()).containsExactly("Name");
    }

    @Test
    void wrongSettingsAreMarked() {
        root.opens("settings")
                .fills("Tries per call", "0")
                .fills("Keep calls for, days", "1")
                .presses("Save");
        assertThat(root.marked()).containsExactlyInAnyOrder("Tries per call", "Keep calls for, days");
    }

    @Test
    void howChannelsAreChosenIsPicked_andKept() {
        root.opens("settings");
        Locator routing = root.page().locator(".field:has(label:text('Choice among channels'))");
        routing.locator("button").last().click();
        routing.locator("input").fill("gpt-4o*");
        routing.locator("select").first().selectOption("fastest");
        routing.locator("select").last().selectOption("user");
        root.presses("Save").sees("Saved");
        assertThat(gateway.api("GET", "/settings", null).json().path("routing").toString())
                .isEqualTo("{\"gpt-4o*\":{\"strategy\":\"fastest\",\"sticky\":\"user\"}}");
        root.opens("settings");
        assertThat(routing.locator("select").first().inputValue()).isEqualTo("fastest");
        routing.locator("button").first().click();
        root.presses("Save");
        await().until(() ->
                gateway.api("GET", "/settings", null).json().path("routing").isEmpty());
    }

    @Test
    void nothingIsDestroyedUnasked() {
        gateway.token("{\"name\":\"precious\"}");
        root.opens("tokens").presses("Delete precious").seesInFront("Programs that use it are refused");
        root.presses("Cancel");
        root.presses("Delete precious").presses("Delete");
        root.sees("Deleted");
        assertThat(gateway.api("GET", "/tokens?name=precious", null).json().path("data"))
                .isEmpty();
    }

    @Test
    void aSessionThatRanOutIsRenewed_andWhatWasTypedIsSaved() {
        root.opens("access").presses("New access token").fills("Name", "typed before");
        root.context().clearCookies();
        root.presses("New access token").seesInFront("Your session has ended.");
        root.fills("Password", "wrong").presses("Sign in").seesInFront("The name or the password is wrong.");
        root.fills("Password", PASSWORD).presses("Sign in");
        root.sees("Access token made").presses("I have kept it");
        root.sees("typed before");
    }

    @Test
    void aGatewayThatIsAwayIsSaidSo_andTheWorkGoesOnWhenItIsBack() {
        root.opens("tokens");
        root.context().setOffline(true);
        root.presses("New token").fills("Name", "in the tunnel").presses("Make token");
        root.seesInFront("The gateway does not answer");
        root.context().setOffline(false);
        root.presses("Make token").sees("in the tunnel is ready");
        root.complaints(); // the browser's own word on the network
    }

    @Test
    void aStreamThatBreaksIsSaidSo_inThePlayground() {
        vendor.then(Script.events("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Half an \"}}]}\n\n")
                .hangUp());
        root.opens("playground").fills("Model", "gpt-4o-mini").fills("Message.*", "Tell me a tale");
        root.presses("Send").sees("Half an").page().locator(".message .fault").waitFor();
        root.presses("Try again").sees("Hello there!");
    }

    @Test
    void aUserRedeemsACode_andCallsWithIt() {
        gateway.api("POST", "/users", "{\"username\":\"ada\",\"password\":\"" + PASSWORD + "\",\"quota_usd\":0}")
                .expect(201);
        root.opens("codes").presses("New codes").fills("Name", "spring").fills("Amount, US\\$", "3");
        root.presses("New codes").seesInFront("They are shown this once.");
        String code = root.front().locator(".codes").innerText().strip();
        root.presses("Close");
        try (Person ada = chromium.person(gateway, Look.DESK).comes().signsIn("ada", PASSWORD)) {
            ada.opens("balance").fills("Code", "NO-SUCH-CODE").presses("Redeem a code");
            ada.sees("There is no such code");
            assertThat(ada.field("Code").inputValue()).isEqualTo("NO-SUCH-CODE");
            ada.fills("Code", code).presses("Redeem a code").sees("$3.00 added");
            ada.opens("playground")
                    .fills("Model", "gpt-4o-mini")
                    .fills("Message.*", "Hi")
                    .presses("Send");
            ada.sees("Hello there!");
            ada.opens("calls").sees("gpt-4o-mini");
            assertThat(ada.complaintsButRefusals()).isEmpty();
        }
        root.page().reload();
        root.page().locator(".badge:text-is('used')").waitFor();
        root.pictures("codes");
    }

    @Test
    void whereItIsAllowed_aStrangerRegisters() {
        root.opens("settings").field("Anybody may register").check();
        root.presses("Save").sees("Saved");
        try (Person stranger = chromium.person(gateway, Look.DESK).comes()) {
            stranger.presses("Register");
            stranger.fills("Username", "newcomer").fills("Password", PASSWORD).fills("Password again", PASSWORD);
            stranger.presses("Register").sees("Needs attention");
            stranger.findsNothingWrong();
        }
    }
}
