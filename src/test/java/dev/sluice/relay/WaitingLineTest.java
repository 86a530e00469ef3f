package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.channel.WaitingLine;
import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls that wait for a place at a channel whose own limits are reached. */
class WaitingLineTest {
    private static final String HI = ScriptedVendor.chat("Hi", 1, 1);

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();
    private final WaitingLine line = gateway.bean(WaitingLine.class);

    @BeforeEach
    void onePlace() {
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"line\"],\"limits\":{\"concurrency\":1}}");
        settings("{\"queue_wait_seconds\":20}");
    }

    @AfterEach
    void putBack() {
        settings("{\"queue_wait_seconds\":null,\"queue_size\":null,\"fallback_models\":null}");
        vendor.close();
    }

    private void settings(String patch) {
        gateway.api("PATCH", "/settings", patch).expect(200);
    }

    private static String ask(String words) {
        return "{\"model\":\"line\",\"messages\":[{\"role\":\"user\",\"content\":\"" + words + "\"}]}";
    }

    private CompletableFuture<Answer> inTheLine(NewToken token, String words) {
        int before = line.size();
        CompletableFuture<Answer> answer = gateway.callAsync(token.key(), ask(words));
        await().atMost(Duration.ofSeconds(5)).until(() -> line.size() == before + 1);
        return answer;
    }

    /** A call that has the place until it is told to end. */
    private CompletableFuture<Answer> inThePlace(NewToken token, CompletableFuture<Void> until) {
        vendor.then(Script.json(200, HI).lateUntil(until));
        CompletableFuture<Answer> answer = gateway.callAsync(token.key(), ask("first"));
        await().atMost(Duration.ofSeconds(5)).until(() -> vendor.calls().size() == 1);
        return answer;
    }

    @Test
    void waitsForThePlace_andTakesIt() throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken token = gateway.token();
        CompletableFuture<Answer> first = inThePlace(token, end);
        vendor.always(Script.json(200, HI));

        CompletableFuture<Answer> second = inTheLine(token, "second");
        assertThat(vendor.calls()).hasSize(1);
        end.complete(null);

        first.get().expect(200);
        second.get().expect(200);
        assertThat(line.size()).isZero();
        assertThat(gateway.calls(token, 2))
                .allSatisfy(row -> assertThat(row.path("attempts").asInt()).isEqualTo(1));
    }

    @Test
    void isRefusedAtOnce_unlessTheSettingsLetItWait() throws Exception {
        settings("{\"queue_wait_seconds\":null}");
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken token = gateway.token();
        CompletableFuture<Answer> first = inThePlace(token, end);

        Answer second = gateway.call(token.key(), ask("second")).expect(503);

        assertThat(second.error().path("code").asString()).isEqualTo("no_available_channel");
        end.complete(null);
        first.get().expect(200);
    }

    @Test
    void isRefused_whenItsTimeIsOver() throws Exception {
        settings("{\"queue_wait_seconds\":1}");
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken token = gateway.token();
        CompletableFuture<Answer> first = inThePlace(token, end);

        Answer second = inTheLine(token, "second").get().expect(503);

        assertThat(second.error().path("code").asString()).isEqualTo("no_available_channel");
        assertThat(second.header("retry-after")).isEqualTo("1");
        assertThat(line.size()).isZero();
        end.complete(null);
        first.get().expect(200);
    }

    @Test
    void letsUsersTakeTurns_andEachUsersCallsInTheirOrder() throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken one = gateway.token();
        NewToken other = gateway.token("{\"user_id\":" + newUser() + "}");
        List<CompletableFuture<Answer>> answers = new ArrayList<>();
        answers.add(inThePlace(one, end));
        vendor.always(Script.json(200, HI));
        answers.add(inTheLine(one, "one 1"));
        answers.add(inTheLine(one, "one 2"));
        answers.add(inTheLine(one, "one 3"));
        answers.add(inTheLine(other, "other 1"));
        answers.add(inTheLine(other, "other 2"));

        end.complete(null);

        for (CompletableFuture<Answer> each : answers) {
            each.get().expect(200);
        }
        assertThat(vendor.calls().stream().map(VendorCall::text).map(WaitingLineTest::words))
                .containsExactly("first", "one 1", "other 1", "one 2", "other 2", "one 3");
    }

    private static String words(String body) {
        return body.replaceAll(".*\"content\":\"([^\"]*)\".*", "$1");
    }

    private long newUser() {
        return gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"line-" + System.nanoTime()
                                + "\",\"password\":\"a long one, really\",\"quota_usd\":null}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
    }

    @Test
    void leavesHalfOfTheLine_toOthers() throws Exception {
        settings("{\"queue_size\":2}");
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken one = gateway.token();
        CompletableFuture<Answer> first = inThePlace(one, end);
        vendor.always(Script.json(200, HI));
        CompletableFuture<Answer> second = inTheLine(one, "second");

        gateway.call(one.key(), ask("third")).expect(503);
        CompletableFuture<Answer> others = inTheLine(gateway.token("{\"user_id\":" + newUser() + "}"), "other");

        end.complete(null);
        first.get().expect(200);
        second.get().expect(200);
        others.get().expect(200);
    }

    @Test
    void givesThePlaceToTheNext_whenACallerLeavesTheLine() throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken token = gateway.token();
        CompletableFuture<Answer> first = inThePlace(token, end);
        vendor.always(Script.json(200, HI));
        try (RawCall leaver = gateway.raw(token.key(), ask("leaver"))) {
            await().atMost(Duration.ofSeconds(5)).until(() -> line.size() == 1);
        }
        await().atMost(Duration.ofSeconds(5)).until(() -> line.size() == 0);
        CompletableFuture<Answer> next = inTheLine(token, "next");

        end.complete(null);

        first.get().expect(200);
        next.get().expect(200);
        assertThat(vendor.calls()).hasSize(2);
        assertThat(gateway.calls(token, 3))
                .anySatisfy(row -> assertThat(row.path("status").asInt()).isEqualTo(499));
    }

    @Test
    void waitsForTheNextOfTheMinute() {
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"line\"],\"limits\":{\"rpm\":60}}");
        vendor.always(Script.json(200, HI));
        NewToken token = gateway.token();
        for (int i = 0; i < 60; i++) {
            gateway.call(token.key(), ask("one of many")).expect(200);
        }

        gateway.call(token.key(), ask("one more")).expect(200);
        gateway.call(token.key(), ask("and more")).expect(200);
    }

    @Test
    void leavesTheLine_whenTheChannelGoesOut() throws Exception {
        vendor.then(Script.json(401, "{}").late(Duration.ofMillis(500)));
        NewToken token = gateway.token();
        CompletableFuture<Answer> first = gateway.callAsync(token.key(), ask("first"));
        await().atMost(Duration.ofSeconds(5)).until(() -> vendor.calls().size() == 1);

        Answer second = inTheLine(token, "second").get();

        second.expect(503);
        assertThat(first.get().status()).isEqualTo(502);
        assertThat(vendor.calls()).hasSize(1);
    }

    @Test
    void goesToAModelThatStandsIn_beforeItWaits() throws Exception {
        settings("{\"fallback_models\":{\"line\":[\"other\"]}}");
        gateway.channel(vendor, "{\"models\":[\"other\"]}");
        CompletableFuture<Void> end = new CompletableFuture<>();
        NewToken token = gateway.token();
        CompletableFuture<Answer> first = inThePlace(token, end);
        vendor.always(Script.json(200, HI));

        gateway.call(token.key(), ask("second")).expect(200);

        end.complete(null);
        first.get().expect(200);
        assertThat(vendor.calls().getLast().text()).contains("\"other\"");
    }
}
