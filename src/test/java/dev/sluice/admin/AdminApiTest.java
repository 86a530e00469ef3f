package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Json;
import dev.sluice.testing.ScriptedVendor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What the admin API promises of its mechanism: errors, bodies, patches, lists, sign-in and roles. */
class AdminApiTest {
    private static final String PASSWORD = "correct horse battery";
    private final Gateway gateway = Gateway.shared();

    private static String unique(String prefix) {
        return prefix + UUID.randomUUID().toString().substring(0, 8);
    }

    private JsonNode user(String role) {
        return gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"%s\",\"password\":\"%s\",\"role\":\"%s\",\"quota_usd\":1}"
                                .formatted(unique("u"), PASSWORD, role))
                .expect(201)
                .json();
    }

    private Answer signIn(JsonNode user, String password) {
        String json = "{\"username\":%s,\"password\":%s}"
                .formatted(Json.quote(user.path("username").asString()), Json.quote(password));
        return gateway.send("POST", "/api/session", Map.of(), json);
    }

    private static String cookies(Answer answer) {
        List<String> pairs = new ArrayList<>();
        answer.headers().allValues("set-cookie").forEach(each -> pairs.add(each.split(";", 2)[0]));
        return String.join("; ", pairs);
    }

    private static Map<String, String> signed(Answer session) {
        String cookies = cookies(session);
        String csrf = cookies.replaceAll("(?s).*XSRF-TOKEN=([^;]*).*", "$1");
        return Map.of("Cookie", cookies, "X-XSRF-TOKEN", csrf);
    }

    private Map<String, String> as(String role) {
        return signed(signIn(user(role), PASSWORD).expect(201));
    }

    private static void isProblem(Answer answer, int status) {
        answer.expect(status);
        assertThat(answer.header("content-type")).startsWith("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        assertThat(answer.json().path("title").asString("")).isNotEmpty();
        assertThat(answer.json().path("detail").asString("")).isNotEmpty();
        assertThat(answer.body()).doesNotContain("dev.sluice").doesNotContain("<html");
    }

    private static List<String> faults(Answer answer) {
        List<String> names = new ArrayList<>();
        answer.expect(400)
                .json()
                .path("errors")
                .forEach(each -> names.add(each.path("field").asString()));
        return names;
    }

    @Test
    void tellsAStrangerHowToSignIn() {
        Answer answer = gateway.send("GET", "/api/tokens", Map.of(), null);

        isProblem(answer, 401);
        assertThat(answer.header("www-authenticate")).isEqualTo("Bearer");
        isProblem(gateway.send("GET", "/api/tokens", Map.of("Authorization", "Bearer sat-wrong"), null), 401);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /nothing, , 404",
        "GET, /tokens/999999, , 404",
        "GET, /tokens/x, , 404",
        "GET, /calls/ä, , 404",
        "PUT, /tokens, {}, 405",
        "POST, /tokens, {, 400",
        "POST, /tokens, [], 400",
        "POST, /tokens, , 415",
        "GET, /users//1, , 400",
        "DELETE, /groups/default, , 409"
    })
    void answersEveryFailureAsAProblem(String method, String path, String body, int status) {
        isProblem(gateway.api(method, path.replace("ä", "%C3%A4"), body), status);
    }

    @Test
    void readsABodyUpToAMegabyte_andRefusesALargerOne() {
        String token = "{\"name\":\"large\"%s}";

        gateway.api("POST", "/tokens", token.formatted(" ".repeat(900_000))).expect(201);
        isProblem(gateway.api("POST", "/tokens", token.formatted(" ".repeat(1_100_000))), 413);
    }

    @Test
    void namesEveryFieldThatIsWrong() {
        Answer answer = gateway.api("POST", "/channels", """
                {"vendor":"nobody","base_url":"ftp://u@h?q","models":[],"groups":["none"],"weight":0,\
                "headers":{"Host":"x"},"limits":{"rpm":0},"timeouts":{"idle_ms":3600001},"price_factor":0.0000001,"typo":1}\
                """);

        assertThat(faults(answer))
                .contains(
                        "name",
                        "vendor",
                        "base_url",
                        "models",
                        "groups",
                        "weight",
                        "headers",
                        "limits.rpm",
                        "timeouts.idle_ms",
                        "price_factor",
                        "typo");
        assertThat(answer.body()).contains("0 (expected: a whole number from 1 to 1000)");
    }

    @Test
    void saysAFaultOnce() {
        Answer answer =
                gateway.api("POST", "/users", "{\"username\":\"%s\",\"password\":\"short\"}".formatted(unique("u")));

        assertThat(faults(answer)).containsExactly("password");
    }

    @Test
    void refusesMoneyWithMoreThanNineDecimals_andKeepsNineExactly() {
        assertThat(faults(gateway.api("POST", "/tokens", "{\"name\":\"m\",\"quota_usd\":0.0000000001}")))
                .containsExactly("quota_usd");
        assertThat(faults(gateway.api("POST", "/tokens", "{\"name\":\"m\",\"quota_usd\":1e999999999}")))
                .containsExactly("quota_usd");
        assertThat(gateway.api("POST", "/tokens", "{\"name\":\"m\",\"quota_usd\":0.000000001}")
                        .expect(201)
                        .body())
                .contains("\"quota_usd\":0.000000001");
    }

    @Test
    void patchesWhatIsGiven_clearsWithNull_andIgnoresWhatIsReadOnly() {
        var token = gateway.token("{\"quota_usd\":5,\"models\":[\"a\"],\"limits\":{\"rpm\":3,\"tpm\":4}}");

        JsonNode after = gateway.api(
                        "PATCH",
                        "/tokens/" + token.id(),
                        "{\"quota_usd\":null,\"limits\":{\"rpm\":null},\"id\":7,\"used_usd\":9}")
                .expect(200)
                .json();

        assertThat(after.path("quota_usd").isNull()).isTrue();
        assertThat(after.path("limits").path("rpm").isNull()).isTrue();
        assertThat(after.path("limits").path("tpm").asInt()).isEqualTo(4);
        assertThat(after.path("models").get(0).asString()).isEqualTo("a");
        assertThat(after.path("id").asLong()).isEqualTo(token.id());
        assertThat(after.path("used_usd").asInt()).isZero();
    }

    @Test
    void showsATokensKeyOnce() {
        var token = gateway.token();

        assertThat(token.key()).matches("sk-[0-9A-Za-z]{48}");
        assertThat(gateway.tokenNow(token.id()).has("key")).isFalse();
    }

    @Test
    void keepsChannelKeysUntilTheyAreGivenAnew_andNeverShowsThem() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            JsonNode channel =
                    gateway.channel(vendor, "{\"keys\":\"sk-one-0123456789abcdef\\nsk-two-0123456789abcdef\"}");
            String path = "/channels/" + channel.path("id").asLong();

            assertThat(channel.path("key_hints").size()).isEqualTo(2);
            assertThat(gateway.api("PATCH", path, "{\"weight\":2}").expect(200).body())
                    .doesNotContain("0123456789abcdef")
                    .contains("\"weight\":2");
            assertThat(gateway.api("GET", path, null).json().path("key_hints").size())
                    .isEqualTo(2);
            assertThat(gateway.api("PATCH", path, "{\"keys\":null}")
                            .json()
                            .path("key_hints")
                            .size())
                    .isZero();
            gateway.api("DELETE", path, null).expect(204);
            isProblem(gateway.api("GET", path, null), 404);
        }
    }

    @Test
    void testsAChannel_andListsItsModels() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            JsonNode channel = gateway.channel(vendor, "{\"models\":[\"probe-model\"]}");
            String path = "/channels/" + channel.path("id").asLong();

            vendor.answers(ScriptedVendor.chat("Hello, " + "you! ".repeat(60), 1, 1));
            JsonNode test =
                    gateway.api("POST", path + "/test", "{}").expect(200).json();
            vendor.streams(ScriptedVendor.chatStream("Hello again", 1, 1));
            JsonNode streamed = gateway.api("POST", path + "/test", "{\"stream\":true}")
                    .expect(200)
                    .json();
            JsonNode models =
                    gateway.api("POST", path + "/models", null).expect(200).json();

            assertThat(test.path("ok").asBoolean()).isTrue();
            assertThat(test.path("model").asString()).isEqualTo("probe-model");
            assertThat(test.path("answer").asString()).startsWith("Hello, you!").hasSize(200);
            assertThat(streamed.path("answer").asString()).isEqualTo("Hello again");
            assertThat(models.path("models").get(0).asString()).isEqualTo("gpt-4o-mini");
            gateway.api("DELETE", path, null).expect(204);
        }
        JsonNode gone = gateway.api(
                        "POST",
                        "/channels",
                        "{\"name\":\"gone\",\"vendor\":\"openai\",\"base_url\":\"http://127.0.0.1:1\",\"models\":[\"gone\"]}")
                .expect(201)
                .json();
        isProblem(gateway.api("POST", "/channels/" + gone.path("id").asLong() + "/models", null), 502);
        gateway.api("DELETE", "/channels/" + gone.path("id").asLong(), null).expect(204);
    }

    @ParameterizedTest
    @CsvSource({"limit=0, limit", "limit=201, limit", "limit=x, limit", "cursor=!, cursor", "colour=red, colour"})
    void namesWhatIsWrongWithAList(String query, String field) {
        for (String list : List.of("tokens", "users", "groups", "channels", "prices", "calls", "access-tokens")) {
            assertThat(faults(gateway.api("GET", "/" + list + "?" + query, null)))
                    .as(list)
                    .containsExactly(field);
        }
    }

    @Test
    void pagesThroughAListNewestFirst_withoutGapOrDouble() {
        String name = unique("page");
        List<Long> made = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            made.add(0, gateway.token("{\"name\":\"%s\"}".formatted(name)).id());
        }
        List<Long> seen = new ArrayList<>();
        String cursor = "";
        while (cursor != null) {
            JsonNode page = gateway.api("GET", "/tokens?limit=2&name=" + name + cursor, null)
                    .expect(200)
                    .json();
            page.path("data").forEach(each -> seen.add(each.path("id").asLong()));
            JsonNode next = page.path("next_cursor");
            cursor = next.isNull() ? null : "&cursor=" + next.asString();
        }

        assertThat(seen).isEqualTo(made);
    }

    @Test
    void pagesThroughThePrices_builtInOnesToo() {
        JsonNode first = gateway.api("GET", "/prices?source=built-in&limit=1", null)
                .expect(200)
                .json();
        JsonNode second = gateway.api(
                        "GET",
                        "/prices?source=built-in&limit=1&cursor="
                                + first.path("next_cursor").asString(),
                        null)
                .expect(200)
                .json();

        assertThat(first.path("data").get(0).path("id").isNull()).isTrue();
        assertThat(second.path("data").get(0).path("model"))
                .isNotEqualTo(first.path("data").get(0).path("model"));
    }

    @Test
    void replacesAPriceOfTheSameModel() {
        String json = "{\"model\":\"%s\",\"input_usd_per_mtok\":1}".formatted(unique("priced"));

        Answer made = gateway.api("POST", "/prices", json).expect(201);
        JsonNode replaced = gateway.api("POST", "/prices", json.replace(":1}", ":2}"))
                .expect(200)
                .json();

        assertThat(made.header("location"))
                .isEqualTo("/api/prices/" + replaced.path("id").asLong());
        assertThat(replaced.path("input_usd_per_mtok").asInt()).isEqualTo(2);
    }

    @Test
    void creditsAFiniteQuotaOnly() {
        JsonNode user = user("user");
        String path = "/users/" + user.path("id").asLong();

        JsonNode credited = gateway.api("POST", path + "/credits", "{\"amount_usd\":0.5,\"note\":\"n\"}")
                .expect(201)
                .json();
        assertThat(credited.path("quota_usd").decimalValue()).isEqualByComparingTo("1.5");
        assertThat(faults(gateway.api("POST", path + "/credits", "{\"amount_usd\":0}")))
                .containsExactly("amount_usd");
        gateway.api("PATCH", path, "{\"quota_usd\":null}").expect(200);
        isProblem(gateway.api("POST", path + "/credits", "{\"amount_usd\":1}"), 409);
    }

    @Test
    void findsUsersByRole_andRefusesANameTwice() {
        JsonNode user = user("admin");
        String name = user.path("username").asString();

        assertThat(gateway.api("GET", "/users?role=admin&username=" + name, null)
                        .json()
                        .path("data")
                        .size())
                .isEqualTo(1);
        isProblem(
                gateway.api("POST", "/users", "{\"username\":\"%s\",\"password\":\"%s\"}".formatted(name, PASSWORD)),
                409);
    }

    @Test
    void wantsTheCsrfHeaderOfASession_andNoneOfABearer() {
        Map<String, String> session = as("user");

        isProblem(
                gateway.send("POST", "/api/tokens", Map.of("Cookie", session.get("Cookie")), "{\"name\":\"x\"}"), 403);
        gateway.send("POST", "/api/tokens", session, "{\"name\":\"x\"}").expect(201);
    }

    @Test
    void endsASessionWhenItsUserSignsOut() {
        Map<String, String> session = as("user");

        gateway.send("GET", "/api/session", session, null).expect(200);
        gateway.send("DELETE", "/api/session", session, null).expect(204);
        isProblem(gateway.send("GET", "/api/session", session, null), 401);
    }

    @Test
    void throttlesFailedSignIns() {
        JsonNode user = user("user");
        for (int i = 0; i < 10; i++) {
            isProblem(signIn(user, "wrong password"), 401);
        }
        Answer refused = signIn(user, PASSWORD);

        isProblem(refused, 429);
        assertThat(refused.header("retry-after")).matches("[1-9][0-9]*");
    }

    @Test
    void endsTheOtherSessions_whenAUserChangesThePassword_andChangesNothingElse() {
        JsonNode user = user("user");
        Map<String, String> one = signed(signIn(user, PASSWORD).expect(201));
        Map<String, String> other = signed(signIn(user, PASSWORD).expect(201));
        String path = "/api/users/" + user.path("id").asLong();

        isProblem(gateway.send("PATCH", path, one, "{\"password\":\"%s\"}".formatted("é".repeat(40))), 400);
        isProblem(gateway.send("PATCH", path, one, "{\"quota_usd\":100}"), 403);
        isProblem(gateway.send("PATCH", path, one, "{\"role\":\"root\"}"), 403);
        JsonNode after = gateway.send(
                        "PATCH", path, one, "{\"password\":\"another long one\",\"display_name\":\"New\"}")
                .expect(200)
                .json();

        assertThat(after.path("display_name").asString()).isEqualTo("New");
        assertThat(after.path("role").asString()).isEqualTo("user");
        assertThat(after.path("quota_usd").asInt()).isEqualTo(1);
        gateway.send("GET", "/api/session", one, null).expect(200);
        isProblem(gateway.send("GET", "/api/session", other, null), 401);
    }

    @Test
    void letsAUserSeeAndMakeOnlyItsOwn() {
        Map<String, String> session = as("user");
        long foreign = gateway.token().id();

        isProblem(gateway.send("GET", "/api/tokens/" + foreign, session, null), 404);
        isProblem(gateway.send("PATCH", "/api/tokens/" + foreign, session, "{\"name\":\"x\"}"), 404);
        isProblem(gateway.send("DELETE", "/api/tokens/" + foreign, session, null), 404);
        isProblem(gateway.send("GET", "/api/users/1", session, null), 404);
        isProblem(gateway.send("POST", "/api/tokens", session, "{\"name\":\"x\",\"user_id\":1}"), 403);
        isProblem(gateway.send("POST", "/api/users", session, "{}"), 403);
        for (String list : List.of("/channels", "/groups", "/prices")) {
            isProblem(gateway.send("GET", "/api" + list, session, null), 403);
        }
        for (String list : List.of("/tokens", "/calls", "/access-tokens", "/usage")) {
            assertThat(gateway.send("GET", "/api" + list, session, null)
                            .expect(200)
                            .json()
                            .path("data")
                            .size())
                    .as(list)
                    .isZero();
        }
    }

    @Test
    void keepsAnAdminFromOtherAdmins() {
        Map<String, String> admin = as("admin");
        long other = user("admin").path("id").asLong();

        gateway.send("GET", "/api/channels", admin, null).expect(200);
        isProblem(gateway.send("PATCH", "/api/users/" + other, admin, "{\"enabled\":false}"), 403);
        isProblem(gateway.send("DELETE", "/api/users/" + other, admin, null), 403);
        isProblem(gateway.send("POST", "/api/users/" + other + "/credits", admin, "{\"amount_usd\":1}"), 403);
        isProblem(
                gateway.send(
                        "POST",
                        "/api/users",
                        admin,
                        "{\"username\":\"%s\",\"password\":\"%s\",\"role\":\"root\"}".formatted(unique("r"), PASSWORD)),
                403);
    }

    @Test
    void letsAReadOnlyAccessTokenOnlyRead() {
        JsonNode made = gateway.api("POST", "/access-tokens", "{\"name\":\"r\",\"scope\":\"read\"}")
                .expect(201)
                .json();
        Map<String, String> bearer =
                Map.of("Authorization", "Bearer " + made.path("token").asString());

        gateway.send("GET", "/api/channels", bearer, null).expect(200);
        isProblem(gateway.send("POST", "/api/tokens", bearer, "{\"name\":\"x\"}"), 403);
        gateway.api("DELETE", "/access-tokens/" + made.path("id").asLong(), null)
                .expect(204);
        isProblem(gateway.send("GET", "/api/channels", bearer, null), 401);
    }

    @Test
    void sendsSecurityHeaders_andNoCors() {
        Answer answer = gateway.send(
                "GET",
                "/api/tokens",
                Map.of("Authorization", "Bearer " + Gateway.ADMIN_TOKEN, "Origin", "http://elsewhere"),
                null);

        assertThat(answer.header("content-security-policy")).startsWith("default-src 'self'");
        assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
        assertThat(answer.header("x-frame-options")).isEqualTo("DENY");
        assertThat(answer.header("referrer-policy")).isEqualTo("no-referrer");
        assertThat(answer.header("access-control-allow-origin")).isNull();
    }

    /** Each operation of the document, asked by a stranger and by a user: nothing is open by oversight, and nothing is a bug. */
    @Test
    void guardsEveryOperationOfTheDocument() {
        JsonNode paths = gateway.send("GET", "/api/openapi.json", Map.of(), null)
                .expect(200)
                .json()
                .path("paths");
        Map<String, String> session = as("user");
        assertThat(paths.size()).isGreaterThan(15);
        paths.properties()
                .forEach(path -> path.getValue().propertyNames().forEach(method -> {
                    String url = path.getKey().replaceAll("\\{[a-z]+}", "999999");
                    boolean open = url.matches("/api/(session|registrations|oidc|oidc/login|oidc/callback)");
                    if (!open) {
                        String verb = method.toUpperCase(java.util.Locale.ROOT);
                        isProblem(gateway.send(verb, url, Map.of(), "{}"), 401);
                        Answer user = gateway.send(verb, url, session, "{}");
                        assertThat(user.status()).as(verb + " " + url).isIn(200, 204, 400, 403, 404);
                        if (url.matches(
                                "/api/(channels|groups|prices|redemption-codes|reconciliation|audit|settings).*")) {
                            isProblem(user, 403);
                        }
                    }
                }));
    }

    /** The filters that the document names are those that the list takes. */
    @Test
    void describesTheParametersOfItsLists() {
        JsonNode paths =
                gateway.send("GET", "/api/openapi.json", Map.of(), null).json().path("paths");
        paths.properties()
                .forEach(path -> path.getValue().path("get").path("parameters").forEach(parameter -> {
                    boolean provider = path.getKey().startsWith("/api/oidc"); // not there unless it is set up
                    if (parameter.path("in").asString().equals("query") && !provider) {
                        String name = parameter.path("name").asString();
                        Answer answer = gateway.send(
                                "GET",
                                path.getKey().replaceAll("\\{[a-z]+}", "1") + "?" + name + "=1",
                                Map.of("Authorization", "Bearer " + Gateway.ADMIN_TOKEN),
                                null);
                        assertThat(answer.status()).isIn(200, 400);
                        assertThat(answer.body()).as(path.getKey() + " " + name).doesNotContain("is not a filter");
                    }
                }));
    }
}
