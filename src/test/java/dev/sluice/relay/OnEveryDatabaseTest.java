package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** The same promises on the embedded database, on MySQL or MariaDB, and on PostgreSQL. */
class OnEveryDatabaseTest {
    private static final String CALL =
            "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void spendsAQuotaExactly_booksEveryCall_andFindsItAllAgain(Databases kind, @TempDir Path dataDir) {
        try (Databases.Fresh database = kind.fresh();
                ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
            NewToken token;
            try (Gateway gateway = Gateway.startIn(dataDir, database.setting())) {
                gateway.channel(vendor, "{\"models\":[\"priced\"]}");
                gateway.price("priced", "{\"usd_per_call\":0.01}");
                token = gateway.token("{\"quota_usd\":0.5,\"name\":\"für 你 😀\"}");

                assertThat(atOnce(gateway, token, 120)).isEqualTo(50);
                gateway.calls(token, 120);
            }
            try (Gateway gateway = Gateway.startIn(dataDir, database.setting())) {
                JsonNode now = gateway.tokenNow(token.id());
                assertThat(now.path("name").asString()).isEqualTo("für 你 😀");
                assertThat(now.path("used_usd").decimalValue()).isEqualByComparingTo("0.5");
                assertThat(gateway.call(token.key(), CALL).status()).isEqualTo(429);

                gateway.api("PATCH", "/tokens/" + token.id(), "{\"quota_usd\":0.55}")
                        .expect(200);
                assertThat(atOnce(gateway, token, 20))
                        .as("calls after the quota was raised")
                        .isEqualTo(5);
                List<JsonNode> rows = gateway.calls(token, 141);

                assertThat(rows).hasSize(141);
                JsonNode usage = gateway.api("GET", "/usage?group_by=day,model,channel_id&token_id=" + token.id(), null)
                        .expect(200)
                        .json()
                        .path("data");
                assertThat(sum(usage, "calls")).isEqualTo(141);
                assertThat(sum(usage, "errors")).isEqualTo(86);
                assertThat(sum(usage, "prompt_tokens")).isEqualTo(55);
                assertThat(gateway.tokenNow(token.id()).path("used_usd").decimalValue())
                        .isEqualByComparingTo("0.55");
                JsonNode page = gateway.api("GET", "/calls?limit=100&token_id=" + token.id(), null)
                        .expect(200)
                        .json();
                Answer next = gateway.api(
                        "GET",
                        "/calls?limit=100&token_id=" + token.id() + "&cursor="
                                + page.path("next_cursor").asString(),
                        null);
                assertThat(next.expect(200).json().path("data")).hasSize(41);
                assertThat(next.json().path("next_cursor").isNull()).isTrue();
            }
        }
    }

    /** The embedded database has one node. */
    static Stream<Databases> shared() {
        return Databases.all().filter(kind -> kind != Databases.H2);
    }

    @ParameterizedTest
    @MethodSource("shared")
    void twoNodes_spendOneQuotaTogether_exactly(Databases kind, @TempDir Path one, @TempDir Path other) {
        String secret = "SLUICE_SECRET_KEY=" + "k".repeat(44);
        try (Databases.Fresh database = kind.fresh();
                ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
            NewToken token;
            try (Gateway first = Gateway.startIn(one, database.setting(), secret);
                    Gateway second = Gateway.startIn(other, database.setting(), secret)) {
                first.channel(vendor, "{\"models\":[\"priced\"]}");
                first.price("priced", "{\"usd_per_call\":0.01}");
                token = first.token("{\"quota_usd\":1}");
                await().until(() -> second.call(token.key(), CALL).status() == 200);

                CompletableFuture<Long> here = CompletableFuture.supplyAsync(() -> atOnce(first, token, 150));
                long there = atOnce(second, token, 150);
                assertThat(here.join() + there).isEqualTo(99);
            }
            try (Gateway gateway = Gateway.startIn(one, database.setting(), secret)) {
                assertThat(gateway.tokenNow(token.id()).path("used_usd").decimalValue())
                        .isEqualByComparingTo("1");
                assertThat(gateway.api("GET", "/reconciliation", null)
                                .json()
                                .path("balanced")
                                .asBoolean())
                        .isTrue();
            }
        }
    }

    private static long sum(JsonNode rows, String field) {
        long sum = 0;
        for (JsonNode row : rows) {
            sum += row.path(field).asLong();
        }
        return sum;
    }

    /** How many of so many calls at once are served; the others are refused for the quota. */
    private static long atOnce(Gateway gateway, NewToken token, int count) {
        List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            calls.add(gateway.callAsync(token.key(), CALL));
        }
        List<Answer> answers = calls.stream().map(CompletableFuture::join).toList();
        assertThat(answers).allMatch(answer -> answer.status() == 200 || answer.status() == 429);
        return answers.stream().filter(answer -> answer.status() == 200).count();
    }
}
