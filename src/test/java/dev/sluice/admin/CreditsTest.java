package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What users are given: by an operator, or for a code that is good once; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record CreditsTest(Databases database) {
    private static Gateway gateway;
    private static Someone root;
    private static Someone admin;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        root = Someone.root(gateway);
        admin = Someone.made(gateway, "admin");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        gateway.clearChannels();
    }

    /** A user whose quota is so many dollars. */
    private static Someone user(String quota) {
        Someone user = Someone.made(gateway, "user");
        root.asks("PATCH", "/users/" + user.id(), "{\"quota_usd\":" + quota + "}")
                .expect(200);
        return user;
    }

    private static BigDecimal quota(Someone user) {
        return root.reads("/users/" + user.id()).path("quota_usd").decimalValue();
    }

    private static JsonNode codes(String fields) {
        return admin.asks("POST", "/redemption-codes", fields).expect(201).json();
    }

    private static String code(String amount) {
        return codes("{\"name\":\"gift\",\"amount_usd\":" + amount + "}")
                .path("codes")
                .path(0)
                .asString();
    }

    private static Answer redeem(Someone user, String code) {
        return user.asks("POST", "/redemptions", "{\"code\":\"" + code + "\"}");
    }

    private static List<Answer> atOnce(int count, IntFunction<Answer> ask) {
        try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
            List<CompletableFuture<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                answers.add(CompletableFuture.supplyAsync(() -> ask.apply(number), threads));
            }
            return answers.stream().map(CompletableFuture::join).toList();
        }
    }

    @Test
    void aCreditIsARow_withWhoGaveHowMuchAndWhy() {
        Someone user = user("1");
        Answer made = admin.asks(
                        "POST", "/users/" + user.id() + "/credits", "{\"amount_usd\":0.25,\"note\":\"invoice 7 – ü\"}")
                .expect(201);
        JsonNode credit = made.json();
        assertThat(credit.path("user_id").asLong()).isEqualTo(user.id());
        assertThat(credit.path("by_user_id").asLong()).isEqualTo(admin.id());
        assertThat(credit.path("note").asString()).isEqualTo("invoice 7 – ü");
        assertThat(credit.path("amount_usd").toString()).isEqualTo("0.25");
        assertThat(credit.path("quota_usd").toString()).isEqualTo("1.25");
        assertThat(credit.path("redemption_code_id").isNull()).isTrue();
        assertThat(Instant.parse(credit.path("created_at").asString()))
                .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
        String location = String.valueOf(made.header("Location"));
        assertThat(user.reads(location.substring("/api".length()))).isEqualTo(credit);
        admin.asks("POST", "/users/" + user.id() + "/credits", "{\"amount_usd\":1}")
                .expect(201);
        JsonNode first = user.reads("/users/" + user.id() + "/credits?limit=1");
        JsonNode second = user.reads("/users/" + user.id() + "/credits?limit=1&cursor="
                + first.path("next_cursor").asString());
        assertThat(first.path("data").path(0).path("quota_usd").toString()).isEqualTo("2.25");
        assertThat(second.path("data").path(0)).isEqualTo(credit);
        Someone.made(gateway, "user").gets("/users/" + user.id() + "/credits").expect(404);
    }

    @Test
    void aCreditBelowZeroTakesAway_butNeverMoreThanTheQuota() {
        Someone user = user("1");
        String credits = "/users/" + user.id() + "/credits";
        admin.asks("POST", credits, "{\"amount_usd\":-0.4}").expect(201);
        assertThat(quota(user)).isEqualByComparingTo("0.6");
        admin.asks("POST", credits, "{\"amount_usd\":-0.600000001}").expect(409);
        assertThat(quota(user)).isEqualByComparingTo("0.6");
        assertThat(user.reads(credits).path("data")).hasSize(1);
    }

    @Test
    void creditsAtOnceAllCount() {
        Someone user = user("0");
        assertThat(atOnce(
                        16,
                        each -> admin.asks("POST", "/users/" + user.id() + "/credits", "{\"amount_usd\":0.000000003}")))
                .allMatch(answer -> answer.status() == 201);
        assertThat(quota(user)).isEqualByComparingTo("0.000000048");
        assertThat(user.reads("/users/" + user.id() + "/credits").path("data"))
                .hasSize(16)
                .extracting(each -> each.path("quota_usd").decimalValue())
                .doesNotHaveDuplicates();
    }

    @Test
    void codesAreShownOnce_andListedByNameAndState() {
        JsonNode made =
                codes("{\"name\":\"spring\",\"amount_usd\":5,\"count\":3,\"expires_at\":\"2999-01-01T00:00:00Z\"}");
        List<String> codes = IntStream.range(0, 3)
                .mapToObj(i -> made.path("codes").path(i).asString())
                .toList();
        assertThat(codes)
                .doesNotHaveDuplicates()
                .allMatch(code -> code.matches("([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}"));
        redeem(user("0"), codes.get(1)).expect(201);
        JsonNode listed = admin.reads("/redemption-codes?name=spring").path("data");
        assertThat(listed).hasSize(3);
        codes.forEach(code -> assertThat(listed.toString()).doesNotContain(code.substring(6)));
        assertThat(admin.reads("/redemption-codes?name=spr*&state=unused").path("data"))
                .hasSize(2);
        JsonNode used = admin.reads("/redemption-codes?name=spring&state=used").path("data");
        assertThat(used).hasSize(1);
        assertThat(used.path(0).path("code_hint").asString())
                .startsWith(codes.get(1).substring(0, 5));
        assertThat(admin.reads("/redemption-codes?name=spring&state=expired").path("data"))
                .isEmpty();
        long usedId = used.path(0).path("id").asLong();
        admin.asks("DELETE", "/redemption-codes/" + usedId, null).expect(409);
        long unused = made.path("data").path(0).path("id").asLong();
        admin.asks("DELETE", "/redemption-codes/" + unused, null).expect(204);
        admin.gets("/redemption-codes/" + unused).expect(404);
        redeem(user("0"), codes.get(0)).expect(404);
    }

    @Test
    void aCodeIsGoodOnce_howeverManyRedeemItAtOnce() {
        List<Someone> users = List.of(user("0"), user("0"), user("0"), user("0"));
        for (int round = 0; round < 3; round++) {
            BigDecimal before = users.stream().map(CreditsTest::quota).reduce(BigDecimal.ZERO, BigDecimal::add);
            String code = code("0.5");
            List<Answer> answers = atOnce(8, each -> redeem(users.get(each % users.size()), code));
            assertThat(answers.stream().filter(answer -> answer.status() == 201))
                    .hasSize(1);
            assertThat(answers.stream().filter(answer -> answer.status() == 409))
                    .hasSize(7);
            assertThat(users.stream().map(CreditsTest::quota).reduce(BigDecimal.ZERO, BigDecimal::add))
                    .isEqualByComparingTo(before.add(new BigDecimal("0.5")));
        }
    }

    @Test
    void aCodeIsReadAsPeopleTypeIt() {
        String code = code("1");
        redeem(
                        user("0"),
                        " "
                                + code.toLowerCase(java.util.Locale.ROOT)
                                        .replace('-', ' ')
                                        .replace('0', 'o') + " ")
                .expect(201);
    }

    @Test
    void anExpiredCodeIsNoGood() {
        String soon = Instant.now().plusMillis(700).toString();
        JsonNode made = codes("{\"name\":\"soon\",\"amount_usd\":1,\"expires_at\":\"" + soon + "\"}");
        Someone user = user("0");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> !admin.reads("/redemption-codes?name=soon&state=expired")
                        .path("data")
                        .isEmpty());
        assertThat(redeem(user, made.path("codes").path(0).asString())
                        .expect(409)
                        .body())
                .contains("expired");
        assertThat(quota(user)).isEqualByComparingTo("0");
        assertThat(faults(admin.asks(
                        "POST",
                        "/redemption-codes",
                        "{\"name\":\"past\",\"amount_usd\":0,\"count\":0,\"expires_at\":\"2020-01-01T00:00:00Z\"}")))
                .contains("amount_usd", "count", "expires_at");
    }

    private static String faults(Answer answer) {
        return answer.expect(400).json().path("errors").toString();
    }

    @Test
    void anUnlimitedUserCannotRedeem_andTheCodeStaysGood() {
        String code = code("1");
        redeem(user("null"), code).expect(409);
        redeem(user("0"), code).expect(201);
    }

    @Test
    void guessingIsSlowedDown() {
        Someone guesser = user("0");
        List<Integer> statuses = IntStream.range(0, 12)
                .mapToObj(i ->
                        redeem(guesser, "AAAAA-AAAAA-AAAAA-AAAAA-AAAA" + i % 10).status())
                .toList();
        assertThat(statuses).startsWith(404).contains(429).doesNotContain(201, 500);
        Answer refused = redeem(guesser, code("1")).expect(429);
        assertThat(refused.header("Retry-After")).isNotNull();
    }

    @Test
    void aCodeCountsForTheNextCall() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
            gateway.channel(vendor, "{\"models\":[\"priced\"]}");
            gateway.price("priced", "{\"usd_per_call\":0.01}");
            Someone user = user("0");
            String key = user.asks("POST", "/tokens", "{\"name\":\"mine\"}")
                    .expect(201)
                    .json()
                    .path("key")
                    .asString();
            String call = "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
            assertThat(gateway.call(key, call).status()).isEqualTo(429);
            redeem(user, code("0.02")).expect(201);
            assertThat(gateway.call(key, call).status()).isEqualTo(200);
            assertThat(gateway.call(key, call).status()).isEqualTo(200);
            assertThat(gateway.call(key, call).status()).isEqualTo(429);
            gateway.clearChannels();
        }
    }
}
