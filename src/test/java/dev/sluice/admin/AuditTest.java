package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Who changed what, when, from where; never with a secret; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record AuditTest(Databases database) {
    private static final String KEY = "sk-channel-key-never-shown-42";

    private static Gateway gateway;
    private static Someone root;
    private static Someone admin;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        root = Someone.root(gateway);
        admin = Someone.made(gateway, "admin").with("X-Forwarded-For", "203.0.113.9");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        gateway.clearChannels();
    }

    private static JsonNode entries(String filters) {
        return root.reads("/audit?limit=200&" + filters).path("data");
    }

    private static JsonNode last(String resource, long id) {
        return entries("resource=" + resource + "&resource_id=" + id).path(0);
    }

    private static JsonNode change(JsonNode entry, String field) {
        for (JsonNode change : entry.path("changes")) {
            if (change.path("field").asString().equals(field)) {
                return change;
            }
        }
        throw new AssertionError("no change of " + field + " in " + entry);
    }

    @Test
    void aChangeSaysWho_when_fromWhere_andWhatItWasBefore() {
        long token = admin.asks("POST", "/tokens", "{\"name\":\"old\",\"quota_usd\":1}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        admin.asks("PATCH", "/tokens/" + token, "{\"name\":\"new\",\"quota_usd\":2.5}")
                .expect(200);
        JsonNode entry = last("token", token);
        assertThat(entry.path("user_id").asLong()).isEqualTo(admin.id());
        assertThat(entry.path("username").asString()).startsWith("admin");
        assertThat(entry.path("means").asString()).isEqualTo("access_token");
        assertThat(entry.path("client_ip").asString()).isEqualTo("203.0.113.9");
        assertThat(entry.path("action").asString()).isEqualTo("update");
        assertThat(entry.path("changes")).hasSize(2);
        assertThat(change(entry, "name").path("from").asString()).isEqualTo("old");
        assertThat(change(entry, "name").path("to").asString()).isEqualTo("new");
        assertThat(change(entry, "quota_usd").path("to").toString()).isEqualTo("2.5");
        admin.asks("DELETE", "/tokens/" + token, null).expect(204);
        assertThat(last("token", token).path("action").asString()).isEqualTo("delete");
    }

    @Test
    void aChangeThatFailsOrChangesNothingLeavesNoEntry() {
        long token = admin.asks("POST", "/tokens", "{\"name\":\"same\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        admin.asks("PATCH", "/tokens/" + token, "{\"name\":\"same\"}").expect(200);
        admin.asks("PATCH", "/tokens/" + token, "{\"quota_usd\":-1}").expect(400);
        assertThat(entries("resource=token&resource_id=" + token)).hasSize(1);
    }

    @Test
    void secretsAreNeverThere_butThatTheyChangedIs() {
        long channel = admin.asks("POST", "/channels", """
                {"name":"secret","vendor":"openai","models":["*"],"keys":["%s"],\
                "headers":{"X-Proxy-Key":"header-secret-1"},"options":{"organization":"option-secret-1"}}""".formatted(KEY))
                .expect(201)
                .json()
                .path("id")
                .asLong();
        admin.asks("PATCH", "/channels/" + channel, """
                {"keys":["%s-2"],"headers":{"X-Proxy-Key":"header-secret-2"},"weight":7}""".formatted(KEY)).expect(200);
        JsonNode entry = last("channel", channel);
        assertThat(entry.path("changes").findValuesAsString("field"))
                .containsExactlyInAnyOrder("keys", "headers", "weight");
        assertThat(change(entry, "weight").path("from").asInt()).isEqualTo(1);
        long user = admin.asks("POST", "/users", "{\"username\":\"pw\",\"password\":\"first-secret\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        admin.asks("PATCH", "/users/" + user, "{\"password\":\"second-secret\"}")
                .expect(200);
        assertThat(last("user", user).path("changes").findValuesAsString("field"))
                .containsExactly("password");
        String token = admin.asks("POST", "/tokens", "{\"name\":\"k\"}")
                .expect(201)
                .json()
                .path("key")
                .asString();
        String code = admin.asks("POST", "/redemption-codes", "{\"name\":\"c\",\"amount_usd\":1}")
                .expect(201)
                .json()
                .path("codes")
                .path(0)
                .asString();
        String all = entries("").toString();
        assertThat(all)
                .doesNotContain(KEY)
                .doesNotContain("header-secret")
                .doesNotContain("option-secret")
                .doesNotContain("first-secret")
                .doesNotContain("second-secret")
                .doesNotContain(token.substring(8, 40))
                .doesNotContain(code);
    }

    @Test
    void everyKindOfChangeIsThere() {
        String group = "audited";
        admin.asks("POST", "/groups", "{\"name\":\"" + group + "\"}").expect(201);
        admin.asks("PATCH", "/groups/" + group, "{\"price_factor\":2}").expect(200);
        admin.asks("DELETE", "/groups/" + group, null).expect(204);
        assertThat(entries("resource=group&resource_id=" + group).findValuesAsString("action"))
                .containsExactly("delete", "update", "create");
        long user = admin.asks("POST", "/users", "{\"username\":\"all\",\"password\":\"12345678\",\"quota_usd\":1}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        admin.asks("POST", "/users/" + user + "/credits", "{\"amount_usd\":1}").expect(201);
        Someone signed = Someone.signedIn(gateway, "all", "12345678", user);
        String code = admin.asks("POST", "/redemption-codes", "{\"name\":\"c\",\"amount_usd\":1}")
                .expect(201)
                .json()
                .path("codes")
                .path(0)
                .asString();
        signed.asks("POST", "/redemptions", "{\"code\":\"" + code + "\"}").expect(201);
        signed.asks("DELETE", "/session", null).expect(204);
        admin.asks("DELETE", "/users/" + user, null).expect(204);
        JsonNode entries = entries("resource=user&resource_id=" + user);
        assertThat(entries.findValuesAsString("action"))
                .containsExactly("delete", "sign_out", "redeem", "sign_in", "credit", "create");
        assertThat(change(entries.path(2), "quota_usd").toString())
                .contains("\"from\":2")
                .contains("\"to\":3");
        for (String price : List.of("1", "2")) {
            admin.asks("POST", "/prices", "{\"model\":\"audited-model\",\"usd_per_call\":" + price + "}");
        }
        long price = root.reads("/prices?model=audited-model")
                .path("data")
                .path(0)
                .path("id")
                .asLong();
        admin.asks("PATCH", "/prices/" + price, "{\"usd_per_call\":3}").expect(200);
        admin.asks("DELETE", "/prices/" + price, null).expect(204);
        assertThat(entries("resource=price&resource_id=" + price).findValuesAsString("action"))
                .containsExactly("delete", "update", "update", "create");
        int settings = entries("resource=settings").size();
        root.asks("PATCH", "/settings", "{\"max_attempts\":5}").expect(200);
        root.asks("PATCH", "/settings", "{\"max_attempts\":null}").expect(200);
        assertThat(entries("resource=settings")).hasSize(settings + 2);
    }

    @Test
    void theListIsPagedAndFiltered() {
        for (int i = 0; i < 3; i++) {
            admin.asks("POST", "/access-tokens", "{\"name\":\"page" + i + "\"}").expect(201);
        }
        String filters = "/audit?resource=access_token&action=create&client_ip=203.0.113.9&user_id=" + admin.id()
                + "&from=2026-01-01&limit=2";
        JsonNode first = root.reads(filters);
        JsonNode second =
                root.reads(filters + "&cursor=" + first.path("next_cursor").asString());
        assertThat(first.path("data")).hasSize(2);
        assertThat(second.path("data")).hasSize(1);
        assertThat(root.reads("/audit?to=2026-01-01").path("data")).isEmpty();
        assertThat(root.reads("/audit?username=nobody*").path("data")).isEmpty();
        List.of("colour=red", "from=never", "user_id=x")
                .forEach(wrong -> root.gets("/audit?" + wrong).expect(400));
    }
}
