package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What can be made, read, changed and deleted; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record ResourcesTest(Databases database) {
    private static Gateway gateway;
    private static Someone root;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        root = Someone.root(gateway);
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        gateway.clearChannels();
    }

    private static final String CHANNEL = """
            {"name": "one", "vendor": "openai", "keys": ["sk-upstream-key-0123456789"], "models": ["gpt-*"]}""";

    private static JsonNode makes(String path, String json) {
        Answer answer = root.asks("POST", path, json).expect(201);
        String location = String.valueOf(answer.header("Location"));
        assertThat(location).startsWith("/api" + path + "/");
        JsonNode there = root.reads(location.substring(4));
        assertThat(there.path("id")).isEqualTo(answer.json().path("id"));
        return answer.json();
    }

    private static JsonNode changes(String path, String json) {
        return root.asks("PATCH", path, json).expect(200).json();
    }

    private static List<String> faults(Answer answer) {
        List<String> fields = new ArrayList<>();
        answer.expect(400)
                .json()
                .path("errors")
                .forEach(each -> fields.add(each.path("field").asString()));
        return fields;
    }

    @Test
    void aChannelGetsTheContractsDefaults() {
        JsonNode channel = makes("/channels", CHANNEL);
        assertThat(channel.path("base_url").asString()).isEqualTo("https://api.openai.com/v1");
        assertThat(channel.path("groups").toString()).isEqualTo("[\"default\"]");
        assertThat(channel.path("priority").asInt(-1)).isZero();
        assertThat(channel.path("weight").asInt()).isEqualTo(1);
        assertThat(channel.path("enabled").asBoolean()).isTrue();
        assertThat(channel.path("price_factor").toString()).isEqualTo("1");
        assertThat(channel.path("model_mapping").toString()).isEqualTo("{}");
        assertThat(channel.path("limits").toString()).isEqualTo("{\"rpm\":null,\"tpm\":null,\"concurrency\":null}");
        assertThat(channel.path("timeouts").propertyNames())
                .containsExactly("connect_ms", "first_byte_ms", "idle_ms", "total_ms");
        assertThat(channel.path("health").path("state").asString()).isEqualTo("ok");
        assertThat(channel.path("health").propertyNames())
                .containsExactly("state", "reason", "retry_at", "error_rate", "ttft_ms", "by_key");
        assertThat(channel.path("health").path("by_key").path(0).propertyNames())
                .containsExactly("state", "reason", "retry_at", "error_rate", "ttft_ms");
        assertThat(channel.path("created_at").asString())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
    }

    @Test
    void aChannelNeverShowsItsKeys_onlyHints() {
        Answer made = root.asks("POST", "/channels", CHANNEL).expect(201);
        String path = "/channels/" + made.json().path("id").asLong();
        assertThat(made.body()).doesNotContain("sk-upstream-key-0123456789").doesNotContain("\"keys\"");
        assertThat(made.json().path("key_hints").toString()).isEqualTo("[\"sk-u…6789\"]");
        assertThat(root.gets(path).body()).doesNotContain("upstream-key");
        assertThat(root.gets("/channels").body()).doesNotContain("upstream-key");
    }

    @Test
    void aPatchWithoutKeysKeepsThem_withKeysReplacesThem_withNullClearsThem() {
        String path = "/channels/" + makes("/channels", CHANNEL).path("id").asLong();
        assertThat(changes(path, "{\"weight\": 7}").path("key_hints")).hasSize(1);
        JsonNode two = changes(path, "{\"keys\": \"first-key-0123456789\\n\\n second-key-0123456789 \\n\"}");
        assertThat(two.path("key_hints").toString()).isEqualTo("[\"firs…6789\",\"seco…6789\"]");
        assertThat(two.path("weight").asInt()).isEqualTo(7);
        assertThat(changes(path, "{\"keys\": null}").path("key_hints")).isEmpty();
    }

    @Test
    void aPatchMergesObjects_andNullGivesTheDefaultBack() {
        String path = "/channels/"
                + makes("/channels", Json.merge(CHANNEL, """
                        {"model_mapping": {"a": "b", "c": "d"}, "limits": {"rpm": 5, "tpm": 6}, "priority": 3,
                         "tags": ["x"], "timeouts": {"idle_ms": 1000}, "price_factor": 1.25}""").toString())
                        .path("id")
                        .asLong();
        JsonNode now = changes(path, """
                {"model_mapping": {"a": null, "e": "f"}, "limits": {"rpm": null}, "priority": null, "tags": null,
                 "timeouts": null, "price_factor": null, "base_url": null}""");
        assertThat(now.path("model_mapping")).isEqualTo(Json.read("{\"c\":\"d\",\"e\":\"f\"}"));
        assertThat(now.path("limits").path("rpm").isNull()).isTrue();
        assertThat(now.path("limits").path("tpm").asInt()).isEqualTo(6);
        assertThat(now.path("priority").asInt(-1)).isZero();
        assertThat(now.path("tags")).isEmpty();
        assertThat(now.path("timeouts").path("idle_ms").isNull()).isTrue();
        assertThat(now.path("price_factor").toString()).isEqualTo("1");
        assertThat(now.path("base_url").asString()).isEqualTo("https://api.openai.com/v1");
    }

    @Test
    void whatWasReadCanBeSentBack() {
        String path = "/channels/" + makes("/channels", CHANNEL).path("id").asLong();
        JsonNode before = root.reads(path);
        JsonNode after = changes(path, before.toString());
        assertThat(Json.merge(after.toString(), "{\"updated_at\": null}"))
                .isEqualTo(Json.merge(before.toString(), "{\"updated_at\": null}"));
        String token = "/tokens/"
                + makes("/tokens", "{\"name\": \"x\", \"quota_usd\": 1.5}")
                        .path("id")
                        .asLong();
        assertThat(changes(token, root.reads(token).toString())
                        .path("quota_usd")
                        .toString())
                .isEqualTo("1.5");
    }

    @Test
    void takesAPatchUnderItsOwnMediaType() {
        String path = "/channels/" + makes("/channels", CHANNEL).path("id").asLong();
        assertThat(root.with("Content-Type", "application/merge-patch+json")
                        .asks("PATCH", path, "{\"name\": \"two\"}")
                        .expect(200)
                        .json()
                        .path("name")
                        .asString())
                .isEqualTo("two");
    }

    @Test
    void everyFaultOfAChannelIsNamedAtOnce() {
        Answer answer = root.asks("POST", "/channels", """
                {"name": " ", "vendor": "nobody", "base_url": "ftp://x", "models": [], "groups": ["none"],
                 "priority": "high", "weight": 0, "enabled": "yes", "headers": {"Host": "x", "a b": "c"}, "options": [],
                 "limits": {"rpm": 0, "tpn": 1}, "timeouts": {"idle_ms": -1}, "price_factor": -1, "tags": [7],
                 "model_mapping": {"a": 1}, "colour": "red"}""");
        assertThat(faults(answer))
                .contains(
                        "name",
                        "vendor",
                        "base_url",
                        "models",
                        "groups",
                        "priority",
                        "weight",
                        "enabled",
                        "headers",
                        "options",
                        "limits.rpm",
                        "limits.tpn",
                        "timeouts.idle_ms",
                        "price_factor",
                        "tags",
                        "model_mapping",
                        "colour");
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(400);
        assertThat(answer.body()).contains("-1 (expected: ");
    }

    @Test
    void aBaseUrlIsAnAddress_andNothingElse() {
        for (String wrong : List.of(
                "https://user:pw@example.com",
                "https://example.com/?a=b",
                "https://example.com/#x",
                "file:///etc",
                "example.com",
                "https://",
                "http:// x")) {
            String json = Json.merge(CHANNEL, "{\"base_url\": " + Json.quote(wrong) + "}")
                    .toString();
            assertThat(faults(root.asks("POST", "/channels", json))).containsExactly("base_url");
        }
        String json = Json.merge(CHANNEL, "{\"base_url\": \"https://example.com/openai/v1/\"}")
                .toString();
        assertThat(makes("/channels", json).path("base_url").asString()).isEqualTo("https://example.com/openai/v1");
        String own = Json.merge(CHANNEL, "{\"vendor\": \"openai-compatible\"}").toString();
        assertThat(faults(root.asks("POST", "/channels", own))).containsExactly("base_url");
    }

    @Test
    void keysThatCannotStandInAHeaderAreRefused_andNotSaidBack() {
        Answer answer = root.asks(
                "POST",
                "/channels",
                Json.merge(CHANNEL, "{\"keys\": [\"schlüssel-geheim\"]}").toString());
        assertThat(faults(answer)).containsExactly("keys");
        assertThat(answer.body()).doesNotContain("geheim");
        Answer wrong = root.asks(
                "POST",
                "/channels",
                Json.merge(CHANNEL, "{\"keys\": {\"a\": \"geheim\"}}").toString());
        assertThat(faults(wrong)).contains("keys");
        assertThat(wrong.body()).doesNotContain("geheim");
    }

    @Test
    void aTokenShowsItsKeyOnce() {
        JsonNode made = makes("/tokens", "{\"name\": \"once\"}");
        String key = made.path("key").asString();
        assertThat(key).matches("sk-[0-9A-Za-z]{48}");
        assertThat(made.path("key_hint").asString()).isEqualTo("sk-" + key.substring(3, 7) + "…" + key.substring(47));
        String path = "/tokens/" + made.path("id").asLong();
        assertThat(root.reads(path).has("key")).isFalse();
        assertThat(root.gets("/tokens").body()).doesNotContain(key);
        assertThat(changes(path, "{\"name\": \"still\"}").has("key")).isFalse();
    }

    @Test
    void aTokenGetsTheContractsDefaults() {
        JsonNode made = makes("/tokens", "{\"name\": \"plain\"}");
        assertThat(made.path("user_id").asLong())
                .isEqualTo(root.reads("/session").path("id").asLong());
        assertThat(made.path("enabled").asBoolean()).isTrue();
        for (String nothing : List.of("expires_at", "quota_usd", "last_used_at")) {
            assertThat(made.get(nothing).isNull()).as(nothing).isTrue();
        }
        assertThat(made.path("used_usd").toString()).isEqualTo("0");
        assertThat(made.path("models")).isEmpty();
        assertThat(made.path("allowed_ips")).isEmpty();
    }

    @Test
    void moneyIsExactToNineDecimals_andPlain() {
        String id = "/tokens/"
                + makes("/tokens", "{\"name\": \"money\", \"quota_usd\": 0.000000001}")
                        .path("id")
                        .asLong();
        assertThat(root.gets(id).body()).contains("\"quota_usd\":0.000000001,");
        changes(id, "{\"quota_usd\": 1234567.890123456}");
        assertThat(root.gets(id).body()).contains("\"quota_usd\":1234567.890123456,");
        changes(id, "{\"quota_usd\": 1e3}");
        assertThat(root.gets(id).body()).contains("\"quota_usd\":1000,");
        for (String wrong : List.of("0.0000000001", "-1", "\"1\"", "1e400", "1e-400", "9999999999999", "true")) {
            assertThat(faults(root.asks("PATCH", id, "{\"quota_usd\": " + wrong + "}")))
                    .as(wrong)
                    .containsExactly("quota_usd");
        }
        assertThat(root.asks("PATCH", id, "{\"quota_usd\": 1e99999999999}").status())
                .isEqualTo(400);
        assertThat(changes(id, "{\"quota_usd\": null}").path("quota_usd").isNull())
                .isTrue();
    }

    @Test
    void aPatchOfATokenLeavesItsCountersAlone() {
        String path = "/tokens/"
                + makes("/tokens", "{\"name\": \"count\"}").path("id").asLong();
        assertThat(changes(path, "{\"used_usd\": 5, \"name\": \"b\"}")
                        .path("used_usd")
                        .toString())
                .isEqualTo("0");
    }

    @Test
    void everyFaultOfATokenIsNamedAtOnce() {
        assertThat(faults(root.asks("POST", "/tokens", """
                {"user_id": 987654321, "enabled": 1, "expires_at": "tomorrow", "quota_usd": "1", "models": "gpt",
                 "allowed_ips": ["10.0.0.0/33"], "limits": 5, "nonsense": null}""")))
                .containsExactlyInAnyOrder(
                        "name",
                        "user_id",
                        "enabled",
                        "expires_at",
                        "quota_usd",
                        "models",
                        "allowed_ips",
                        "limits",
                        "nonsense");
        assertThat(faults(
                        root.asks("POST", "/tokens", "{\"name\":\"x\",\"expires_at\":\"+999999999-01-01T00:00:00Z\"}")))
                .containsExactly("expires_at");
    }

    @Test
    void aUserSignsInWithAPasswordThatIsNeverShown() {
        Answer made = root.asks("POST", "/users", """
                {"username": "ann", "password": "ann's password", "display_name": "Ann", "quota_usd": 10}""").expect(201);
        assertThat(made.body()).doesNotContain("password").doesNotContain("$2a$");
        assertThat(made.json().path("role").asString()).isEqualTo("user");
        assertThat(made.json().path("group").asString()).isEqualTo("default");
        Someone ann = Someone.signedIn(gateway, "ann", "ann's password", 0);
        assertThat(ann.reads("/session").path("display_name").asString()).isEqualTo("Ann");
    }

    @Test
    void everyFaultOfAUserIsNamedAtOnce() {
        Answer answer = root.asks("POST", "/users", """
                {"username": "a b", "password": "short", "role": "god", "group": "none", "enabled": null,
                 "quota_usd": -1}""");
        assertThat(faults(answer)).contains("username", "password", "role", "group", "quota_usd");
        assertThat(answer.body()).doesNotContain("\"short");
        assertThat(faults(root.asks("POST", "/users", "{}"))).contains("username", "password");
    }

    @Test
    void twoUsersCannotHaveOneName() {
        makes("/users", "{\"username\": \"twin\", \"password\": \"12345678\"}");
        root.asks("POST", "/users", "{\"username\": \"twin\", \"password\": \"12345678\"}")
                .expect(409);
    }

    @Test
    void creditRaisesAFiniteQuota_andNoOther() {
        long id = makes("/users", "{\"username\": \"payer\", \"password\": \"12345678\", \"quota_usd\": 1.5}")
                .path("id")
                .asLong();
        String credits = "/users/" + id + "/credits";
        assertThat(root.asks("POST", credits, "{\"amount_usd\": 0.000000001, \"note\": \"gift\"}")
                        .expect(201)
                        .body())
                .contains("\"quota_usd\":1.500000001,");
        for (String wrong : List.of("0", "-0.0", "null", "\"5\"", "1e-10", "-9300000000")) {
            assertThat(faults(root.asks("POST", credits, "{\"amount_usd\": " + wrong + "}")))
                    .contains("amount_usd");
        }
        root.asks("POST", credits, "{\"amount_usd\": 9223372036}").expect(409);
        changes("/users/" + id, "{\"quota_usd\": null}");
        root.asks("POST", credits, "{\"amount_usd\": 1}").expect(409);
        root.asks("POST", "/users/999999/credits", "{\"amount_usd\": 1}").expect(404);
    }

    @Test
    void theLastRootStays() {
        long id = root.reads("/session").path("id").asLong();
        root.asks("PATCH", "/users/" + id, "{\"role\": \"user\"}").expect(409);
        root.asks("PATCH", "/users/" + id, "{\"enabled\": false}").expect(409);
        root.asks("DELETE", "/users/" + id, null).expect(409);
        assertThat(root.reads("/session").path("role").asString()).isEqualTo("root");
    }

    @Test
    void aDeletedUserTakesItsTokensAlong() {
        Someone leaver = Someone.made(gateway, "user");
        JsonNode token = leaver.asks("POST", "/tokens", "{\"name\": \"mine\"}")
                .expect(201)
                .json();
        root.asks("DELETE", "/users/" + leaver.id(), null).expect(204);
        root.gets("/tokens/" + token.path("id").asLong()).expect(404);
        leaver.gets("/session").expect(401);
        root.asks("DELETE", "/users/" + leaver.id(), null).expect(404);
    }

    @Test
    void aGroupIsNamedByItsName_andStaysWhileItIsUsed() {
        JsonNode group = root.asks("POST", "/groups", "{\"name\": \"gold\", \"price_factor\": 0.8}")
                .expect(201)
                .json();
        assertThat(group.path("price_factor").toString()).isEqualTo("0.8");
        assertThat(changes("/groups/gold", "{\"limits\": {\"rpm\": 60}}")
                        .path("limits")
                        .path("rpm")
                        .asInt())
                .isEqualTo(60);
        root.asks("POST", "/groups", "{\"name\": \"gold\"}").expect(409);
        long user = makes("/users", "{\"username\": \"golden\", \"password\": \"12345678\", \"group\": \"gold\"}")
                .path("id")
                .asLong();
        root.asks("DELETE", "/groups/gold", null).expect(409);
        changes("/users/" + user, "{\"group\": null}");
        long channel = makes(
                        "/channels",
                        Json.merge(CHANNEL, "{\"groups\": [\"gold\"]}").toString())
                .path("id")
                .asLong();
        root.asks("DELETE", "/groups/gold", null).expect(409);
        root.asks("DELETE", "/channels/" + channel, null).expect(204);
        root.asks("DELETE", "/groups/gold", null).expect(204);
        root.gets("/groups/gold").expect(404);
        root.asks("DELETE", "/groups/default", null).expect(409);
        assertThat(faults(root.asks("POST", "/groups", "{\"name\": \"a/b\", \"price_factor\": 0.0000001}")))
                .containsExactlyInAnyOrder("name", "price_factor");
    }

    @Test
    void anOperatorsPriceOverridesABuiltInOne_andIsReplacedByTheNext() {
        String model = root.reads("/prices?source=built-in&limit=1")
                .path("data")
                .path(0)
                .path("model")
                .asString();
        String json = "{\"model\": " + Json.quote(model) + ", \"input_usd_per_mtok\": 0.1}";
        JsonNode first = makes("/prices", json);
        assertThat(first.path("source").asString()).isEqualTo("operator");
        JsonNode second = root.asks(
                        "POST",
                        "/prices",
                        Json.merge(json, "{\"input_usd_per_mtok\": 0.2}").toString())
                .expect(200)
                .json();
        assertThat(second.path("id")).isEqualTo(first.path("id"));
        String path = "/prices/" + first.path("id").asLong();
        assertThat(changes(path, "{\"usd_per_call\": 0.01}")
                        .path("input_usd_per_mtok")
                        .toString())
                .isEqualTo("0.2");
        JsonNode both = root.reads("/prices?model=" + Gateway.escape(model)).path("data");
        assertThat(both.findValuesAsString("source")).containsExactly("operator", "built-in");
        root.asks("DELETE", path, null).expect(204);
        root.gets(path).expect(404);
        root.asks("DELETE", "/prices/" + Gateway.escape(model), null).expect(409);
        root.asks("PATCH", "/prices/" + Gateway.escape(model), "{\"usd_per_call\": 1}")
                .expect(409);
        assertThat(faults(root.asks("POST", "/prices", "{\"output_usd_per_mtok\": -1}")))
                .contains("model", "output_usd_per_mtok");
    }

    @Test
    void aPriceOfLongPromptsIsReadAsItWasSet() {
        JsonNode price = makes("/prices", """
                {"model": "long-winded", "input_usd_per_mtok": 1, "long_context_tokens": 200000, "long_input_usd_per_mtok": 2}""");
        assertThat(price.path("long_context_tokens").asLong()).isEqualTo(200_000);
        JsonNode again = changes("/prices/" + price.path("id").asLong(), "{\"output_usd_per_mtok\": 3}");
        assertThat(again.path("long_context_tokens").asLong()).isEqualTo(200_000);
        assertThat(again.path("long_input_usd_per_mtok").asLong()).isEqualTo(2);
    }

    @Test
    void aPriceOfUnitsAndTiersIsReadAsItWasSet() {
        String fields = """
                {"model": "by-the-minute", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2, "usd_per_minute": 0.006, "usd_per_mchar": 15,
                 "flex_input_usd_per_mtok": 0.5, "flex_output_usd_per_mtok": 1, "priority_input_usd_per_mtok": 2.5,
                 "priority_output_usd_per_mtok": 4}""";
        JsonNode price = makes("/prices", fields);
        JsonNode again = changes("/prices/" + price.path("id").asLong(), "{\"usd_per_mchar\": null}");

        for (String name : Json.read(fields).propertyNames()) {
            assertThat(price.path(name)).as(name).isEqualTo(Json.read(fields).path(name));
            if (!name.equals("usd_per_mchar")) {
                assertThat(again.path(name)).as(name).isEqualTo(price.path(name));
            }
        }
        assertThat(again.path("usd_per_mchar").isNull()).isTrue();
        assertThat(faults(root.asks(
                        "POST", "/prices", "{\"model\": \"t\", \"usd_per_call\": 1, \"flex_input_usd_per_mtok\": 1}")))
                .containsExactly("input_usd_per_mtok");
        makes("/prices", "{\"model\": \"minutes-alone\", \"usd_per_minute\": 0.006}");
    }

    @Test
    void accessTokensAreShownOnce_andWorkUntilTheyAreTakenAway() {
        Someone someone = Someone.made(gateway, "user");
        JsonNode made = someone.asks("POST", "/access-tokens", "{\"name\": \"ci\", \"scope\": \"read\"}")
                .expect(201)
                .json();
        assertThat(made.path("token").asString()).matches("sat-[0-9A-Za-z]{48}");
        Someone ci = new Someone(
                gateway,
                someone.id(),
                Map.of("Authorization", "Bearer " + made.path("token").asString()));
        assertThat(ci.reads("/session").path("id").asLong()).isEqualTo(someone.id());
        ci.asks("POST", "/tokens", "{\"name\": \"x\"}").expect(403);
        ci.asks("DELETE", "/access-tokens/" + made.path("id").asLong(), null).expect(403);
        JsonNode shown = someone.reads("/access-tokens/" + made.path("id").asLong());
        assertThat(shown.has("token")).isFalse();
        assertThat(shown.path("last_used_at").isNull()).isFalse();
        someone.asks("DELETE", "/access-tokens/" + made.path("id").asLong(), null)
                .expect(204);
        ci.gets("/session").expect(401);
        assertThat(faults(someone.asks("POST", "/access-tokens", "{\"scope\": \"all\"}")))
                .contains("name", "scope");
        JsonNode expired = someone.asks(
                        "POST", "/access-tokens", "{\"name\": \"old\", \"expires_at\": \"2020-01-01T00:00:00Z\"}")
                .expect(201)
                .json();
        new Someone(
                        gateway,
                        0,
                        Map.of(
                                "Authorization",
                                "Bearer " + expired.path("token").asString()))
                .gets("/session")
                .expect(401);
    }

    @Test
    void listsComeNewestFirst_pageByPage_andFiltered() {
        List<Long> made = IntStream.range(0, 5)
                .mapToObj(i -> makes("/tokens", "{\"name\": \"page_" + i + "\", \"enabled\": " + (i % 2 == 0) + "}")
                        .path("id")
                        .asLong())
                .toList();
        List<Long> seen = new ArrayList<>();
        String cursor = "";
        int pages = 0;
        do {
            JsonNode page = root.reads("/tokens?name=page_*&limit=2" + cursor);
            page.path("data").forEach(token -> seen.add(token.path("id").asLong()));
            JsonNode next = page.get("next_cursor");
            cursor = next.isNull() ? "" : "&cursor=" + Gateway.escape(next.asString());
            pages++;
        } while (!cursor.isEmpty());
        assertThat(pages).isEqualTo(3);
        assertThat(seen).isEqualTo(made.reversed());
        assertThat(root.reads("/tokens?name=page_*&enabled=false").path("data")).hasSize(2);
        assertThat(root.reads("/tokens?name=page_3").path("data")).hasSize(1);
        assertThat(root.reads("/tokens?name=page%253").path("data")).isEmpty();
        assertThat(root.reads("/tokens?user_id=999999").path("data")).isEmpty();
        assertThat(root.reads("/users?role=root").path("data")).isNotEmpty();
        assertThat(root.reads("/users?role=admin&enabled=false").path("data")).isEmpty();
        assertThat(root.reads("/vendors?limit=1").path("next_cursor").isNull()).isFalse();
    }

    @Test
    void theCatalogOfVendorsComesWhole_whenNoLimitIsGiven() {
        JsonNode vendors = root.reads("/vendors");
        assertThat(vendors.path("data")).hasSizeGreaterThan(70);
        assertThat(vendors.path("next_cursor").isNull()).isTrue();
        assertThat(root.reads("/vendors/deepseek").path("balance").asBoolean()).isTrue();
        assertThat(root.reads("/vendors/groq").path("balance").asBoolean()).isFalse();
    }

    @Test
    void aListNamesTheParameterThatIsWrong() {
        for (String query : List.of(
                "limit=0", "limit=201", "limit=x", "cursor=!", "cursor=eA", "colour=red", "enabled=yes", "user_id=x")) {
            assertThat(faults(root.gets("/tokens?" + query))).as(query).containsExactly(query.split("=")[0]);
        }
        root.gets("/prices?cursor=NDI5NDk2NzI5NQ").expect(400);
    }
}
