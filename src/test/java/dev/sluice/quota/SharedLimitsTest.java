package dev.sluice.quota;

import static dev.sluice.quota.RateLimitsTest.limitGroup;
import static dev.sluice.quota.RateLimitsTest.remainingTokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.OwnRedis;
import dev.sluice.testing.ScriptedVendor;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Limits that two nodes count together. Each node has a database of its own here: the same tokens are made on both, in
 * the same order, so that they are the same to Redis, which is all that the nodes share.
 */
@ExtendWith(NoLeaks.class)
class SharedLimitsTest {
    private static final String CHAT =
            "{\"model\":\"m\",\"max_tokens\":200,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private static OwnRedis redis;
    private static ScriptedVendor vendor;
    private static Gateway one;
    private static Gateway other;

    @BeforeEach
    void together() {
        awaitShared();
    }

    @BeforeAll
    static void begin() throws Exception {
        redis = OwnRedis.start();
        vendor = ScriptedVendor.start();
        vendor.alwaysAnswersChats();
        one = Gateway.start(redis.setting());
        other = Gateway.start(redis.setting());
        for (Gateway node : List.of(one, other)) {
            node.channel(vendor, "{}");
            node.call(node.token().key(), CHAT).expect(200);
        }
    }

    @AfterAll
    static void end() throws Exception {
        for (AutoCloseable each : new AutoCloseable[] {one, other, vendor, redis}) {
            if (each != null) {
                each.close();
            }
        }
    }

    /** The token of the same id on both nodes. */
    private record Token(String onOne, String onOther, long id) {
        static Token with(String limits) {
            Gateway.NewToken first = one.token("{\"limits\":" + limits + "}");
            Gateway.NewToken second = other.token("{\"limits\":" + limits + "}");
            assertThat(first.id()).isEqualTo(second.id());
            return new Token(first.key(), second.key(), first.id());
        }
    }

    private static double shared(Gateway node) {
        return node.bean(MeterRegistry.class)
                .get("sluice.limits.shared")
                .gauge()
                .value();
    }

    private static void awaitShared() {
        await("both nodes found Redis").atMost(Duration.ofSeconds(20)).until(() -> shared(one) + shared(other) == 2);
    }

    @Test
    void requestsOfAMinuteCountOverAllNodes_andTheHeadersSayWhatIsLeftForAll() {
        Token token = Token.with("{\"rpm\":4}");
        List<String> left = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            left.add(one.call(token.onOne, CHAT).expect(200).header("x-ratelimit-remaining-requests"));
            left.add(other.call(token.onOther, CHAT).expect(200).header("x-ratelimit-remaining-requests"));
        }
        assertThat(left).containsExactly("3", "2", "1", "0");

        Answer refused = one.call(token.onOne, CHAT).expect(429);
        assertThat(refused.error().path("code").asString()).isEqualTo("rate_limit_exceeded");
        assertThat(refused.header("x-ratelimit-remaining-requests")).isEqualTo("0");
        assertThat(Integer.parseInt(String.valueOf(refused.header("retry-after"))))
                .isBetween(10, 15);
        other.call(token.onOther, CHAT).expect(429);
    }

    @Test
    void callsAtOnceOnBothNodesPassExactlyAsOftenAsTheLimitSays() {
        long served = 0;
        boolean inTime = false;
        for (int times = 0; times < 20 && !inTime; times++) {
            atOnce(Token.with("{\"rpm\":1000}"), 20); // a cold or busy machine is too slow for Redis to be in time
            awaitShared();
            served = atOnce(Token.with("{\"rpm\":10}"), 20);
            inTime = shared(one) + shared(other) == 2;
        }
        assertThat(inTime).as("Redis was in time").isTrue();
        assertThat(served).isEqualTo(10);
    }

    private static long atOnce(Token token, int onEach) {
        List<CompletableFuture<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < onEach; i++) {
            answers.add(one.callAsync(token.onOne, CHAT));
            answers.add(other.callAsync(token.onOther, CHAT));
        }
        return answers.stream().filter(answer -> answer.join().status() == 200).count();
    }

    @Test
    void tokensAreTakenByEstimate_andPutRightForAllNodesAtTheEnd() {
        Token token = Token.with("{\"tpm\":300}");
        Answer first = one.call(token.onOne, CHAT).expect(200);
        one.calls(new Gateway.NewToken(token.id, token.onOne, first.json()), 1);
        // Two estimates of 200 and more do not fit into 300: the second passes since the first was put right.
        Answer second = other.call(token.onOther, CHAT).expect(200);
        assertThat(remainingTokens(second)).isLessThan(100).isGreaterThan(20);
    }

    @Test
    void aCallThatTheGroupOfAllNodesRefuses_takesNothingOfTheToken() {
        Token token = Token.with("{\"rpm\":6}");
        try {
            limitGroup(one, "{\"rpm\":2}");
            limitGroup(other, "{\"rpm\":2}");
            one.call(token.onOne, CHAT).expect(200);
            other.call(token.onOther, CHAT).expect(200);
            for (int i = 0; i < 3; i++) {
                assertThat(one.call(token.onOne, CHAT)
                                .expect(429)
                                .error()
                                .path("message")
                                .asString())
                        .startsWith("This group");
            }
        } finally {
            limitGroup(one, "null");
            limitGroup(other, "null");
        }
        assertThat(other.call(token.onOther, CHAT).expect(200).header("x-ratelimit-remaining-requests"))
                .isEqualTo("3");
        assertThat(one.call(token.onOne, CHAT).expect(200).header("x-ratelimit-remaining-requests"))
                .isEqualTo("2");
    }

    @Test
    void aChangedLimitBeginsAnew_andKeysGoByThemselves() throws Exception {
        Token token = Token.with("{\"rpm\":2}");
        one.call(token.onOne, CHAT).expect(200);
        one.call(token.onOne, CHAT).expect(200);
        one.call(token.onOne, CHAT).expect(429);
        for (Gateway node : List.of(one, other)) {
            node.api("PATCH", "/tokens/" + token.id, "{\"limits\":{\"rpm\":3}}").expect(200);
        }
        assertThat(other.call(token.onOther, CHAT).expect(200).header("x-ratelimit-remaining-requests"))
                .isEqualTo("2");

        String ttl = redis.ask("TTL sluice:token:" + token.id + ":rpm:3");
        assertThat(Integer.parseInt(ttl.substring(1, ttl.indexOf("\r\n")))).isBetween(1, 70);
    }

    @Test
    void goesOnAlone_whileRedisIsSilent_andNoCallWaitsLong() throws Exception {
        Token token = Token.with("{\"rpm\":100}");
        one.call(token.onOne, CHAT).expect(200);
        redis.pause();
        try {
            long before = System.nanoTime();
            Answer first = one.call(token.onOne, CHAT).expect(200);
            long waited = (System.nanoTime() - before) / 1_000_000;
            assertThat(waited).as("ms of the call that found out").isLessThan(300);
            assertThat(first.header("x-ratelimit-remaining-requests"))
                    .as("this node's")
                    .isEqualTo("98");
            assertThat(shared(one)).isEqualTo(0);
        } finally {
            redis.resume();
        }
        awaitShared();
    }

    @Test
    void goesOnAloneWithItsOwnCount_whileRedisIsGone_andCountsTogetherAgainAfterIt() throws Exception {
        Token token = Token.with("{\"rpm\":4}");
        one.call(token.onOne, CHAT).expect(200);
        other.call(token.onOther, CHAT).expect(200);
        redis.kill();
        try {
            for (int i = 0; i < 3; i++) {
                one.call(token.onOne, CHAT).expect(200);
            }
            one.call(token.onOne, CHAT).expect(429);
            assertThat(shared(one)).isEqualTo(0);
        } finally {
            redis.run();
        }
        awaitShared();
        Token later = Token.with("{\"rpm\":1}");
        one.call(later.onOne, CHAT).expect(200);
        other.call(later.onOther, CHAT).expect(429);
    }

    @Test
    void startsWhereNoRedisAnswers_andFindsItLater() throws Exception {
        try (OwnRedis late = OwnRedis.down();
                Gateway node = Gateway.start(late.setting())) {
            node.channel(vendor, "{}");
            String key = node.token("{\"limits\":{\"rpm\":2}}").key();
            node.call(key, CHAT).expect(200);
            assertThat(shared(node)).isEqualTo(0);
            late.run();
            await().atMost(Duration.ofSeconds(20)).until(() -> shared(node) == 1);
            node.call(key, CHAT).expect(200);
        }
    }

    @Test
    void aChangeIsKnownToTheOtherNodesAtOnce() throws Exception {
        try (Databases.Fresh database = Databases.MYSQL.fresh();
                Gateway here = Gateway.start(database.setting(), redis.setting());
                Gateway there = Gateway.start(
                        database.setting(),
                        redis.setting(),
                        "SLUICE_SECRET_KEY="
                                + Files.readString(here.dataDir().resolve("secret-key"))
                                        .strip())) {
            // By the look of each second alone, six in a row would be this quick once in more than a thousand times.
            for (int i = 0; i < 6; i++) {
                String key = here.token().key();
                await("the new token is known")
                        .pollInterval(Duration.ofMillis(10))
                        .atMost(Duration.ofMillis(300))
                        .until(() -> there.get("/v1/models", key).status() == 200);
            }
        }
    }
}
