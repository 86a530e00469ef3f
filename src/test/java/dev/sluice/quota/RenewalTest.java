package dev.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.ledger.Entry;
import dev.sluice.ledger.Ledger;
import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.wire.CallId;
import dev.sluice.wire.Usage;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Budgets that renew; the same on every database. Time is moved by moving the period that was begun last. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record RenewalTest(Databases database) {
    private static final String CALL = "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    private static Gateway gateway;
    private static ScriptedVendor vendor;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        vendor = ScriptedVendor.start();
        vendor.always(Script.json(200, ScriptedVendor.chat("Hi", 1, 1)));
        gateway.channel(vendor, "{\"models\":[\"priced\"]}");
        gateway.price("priced", "{\"usd_per_call\":0.01}");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        vendor.close();
        gateway.clearChannels();
    }

    private static Instant midnight(int daysAgo) {
        return LocalDate.now(ZoneOffset.UTC)
                .minusDays(daysAgo)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant();
    }

    /** As if the day that was begun last had been so many days ago. */
    private static void dayWas(String table, long id, int daysAgo) {
        gateway.bean(Database.class)
                .inTransaction(client -> client.sql("UPDATE " + table + " SET period_starts_at = "
                                + midnight(daysAgo).toEpochMilli() + ", period_ends_at = "
                                + midnight(daysAgo - 1).toEpochMilli() + " WHERE id = " + id)
                        .fetch()
                        .rowsUpdated())
                .block();
    }

    private static long books(NewToken token, Instant at, long nanos) {
        String id = CallId.floor(at.toEpochMilli()).substring(0, 10)
                + CallId.next(System.currentTimeMillis()).substring(10);
        gateway.bean(Ledger.class)
                .append(new Entry(
                        id,
                        at.toEpochMilli(),
                        "chat",
                        "m",
                        "m",
                        false,
                        token.json().path("user_id").asLong(),
                        token.id(),
                        1L,
                        200,
                        null,
                        new Usage(1, 0, 0, 1, 0, false),
                        nanos,
                        "p",
                        1,
                        null,
                        1,
                        null,
                        "192.0.2.1",
                        0,
                        false,
                        false));
        return nanos;
    }

    private static int status(NewToken token) {
        return gateway.call(token.key(), CALL).status();
    }

    private static long atOnce(List<Gateway> gateways, NewToken token, int count) {
        List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            calls.add(gateways.get(i % gateways.size()).callAsync(token.key(), CALL));
        }
        return calls.stream()
                .map(CompletableFuture::join)
                .peek(answer -> assertThat(answer.status()).isIn(200, 429))
                .filter(answer -> answer.status() == 200)
                .count();
    }

    private static String counted(NewToken token) {
        return gateway.tokenNow(token.id()).path("period_used_usd").toString();
    }

    @Test
    void aTokensBudgetIsThereAnew_afterItsPeriodsTurn_andWhatWasUsedStaysInTheTotal() {
        NewToken token = gateway.token("{\"quota_usd\":0.02,\"quota_period\":\"day\"}");
        assertThat(token.json().path("time_zone").asString()).isEqualTo("UTC");
        assertThat(token.json().path("period_ends_at").asString())
                .isEqualTo(midnight(-1).toString());
        assertThat(List.of(status(token), status(token), status(token))).containsExactly(200, 200, 429);
        gateway.calls(token, 3);
        assertThat(counted(token)).isEqualTo("0.02");

        dayWas("tokens", token.id(), 1);
        assertThat(counted(token)).as("before any call of the new day").isEqualTo("0");
        assertThat(List.of(status(token), status(token), status(token))).containsExactly(200, 200, 429);
        gateway.calls(token, 6);
        JsonNode now = gateway.tokenNow(token.id());
        assertThat(now.path("used_usd").toString()).isEqualTo("0.04");
        assertThat(now.path("period_used_usd").toString()).isEqualTo("0.02");
        assertThat(now.path("period_ends_at").asString()).isEqualTo(midnight(-1).toString());

        dayWas("tokens", token.id(), 5);
        assertThat(status(token)).as("after days without a call").isEqualTo(200);
    }

    @Test
    void aUsersBudgetRenewsLikewise_forAllItsTokens() {
        long user = gateway.api(
                        "POST",
                        "/users",
                        "{\"username\":\"daily\",\"password\":\"12345678\",\"quota_usd\":0.01,\"quota_period\":\"day\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        NewToken token = gateway.token("{\"user_id\":" + user + "}");
        NewToken other = gateway.token("{\"user_id\":" + user + "}");
        assertThat(List.of(status(token), status(other))).containsExactly(200, 429);
        gateway.calls(token, 1);
        dayWas("users", user, 1);
        assertThat(List.of(status(other), status(token))).containsExactly(200, 429);
        gateway.calls(other, 2);
        assertThat(gateway.api("GET", "/users/" + user, null)
                        .json()
                        .path("period_used_usd")
                        .toString())
                .isEqualTo("0.01");
        assertThat(gateway.api("POST", "/users/" + user + "/credits", "{\"amount_usd\":1}")
                        .expect(409)
                        .body())
                .contains("renews");
    }

    @Test
    void aCallCountsInThePeriodInWhichItBegan_wheneverItIsBooked() {
        NewToken token = gateway.token("{\"quota_usd\":1,\"quota_period\":\"day\"}");
        books(token, midnight(0).minusMillis(1), 300_000_000);
        books(token, Instant.now(), 200_000_000);
        gateway.calls(token, 2);
        assertThat(counted(token)).isEqualTo("0.2");
        assertThat(gateway.tokenNow(token.id()).path("used_usd").toString()).isEqualTo("0.5");

        // Yesterday's period was not ended by anybody yet when a call of today is booked.
        NewToken late = gateway.token("{\"quota_usd\":1,\"quota_period\":\"day\"}");
        dayWas("tokens", late.id(), 1);
        books(late, midnight(0).minusMillis(1), 300_000_000);
        books(late, midnight(0), 200_000_000);
        gateway.calls(late, 2);
        assertThat(counted(late)).isEqualTo("0.2");
        assertThat(status(late)).isEqualTo(200);
        gateway.calls(late, 3);
        assertThat(counted(late)).as("after the period was begun").isEqualTo("0.21");
    }

    @Test
    void callsAtOnceSpendNoMoreThanEachPeriodsBudget() {
        NewToken token = gateway.token("{\"quota_usd\":0.3,\"quota_period\":\"day\"}");
        assertThat(atOnce(List.of(gateway), token, 60)).isEqualTo(30);
        gateway.calls(token, 60);
        dayWas("tokens", token.id(), 1);
        assertThat(atOnce(List.of(gateway), token, 60)).isEqualTo(30);
    }

    @Test
    void severalNodesBeginAPeriodOnce() {
        if (database == Databases.H2) {
            return; // the embedded database has one node
        }
        NewToken token = gateway.token("{\"quota_usd\":0.3,\"quota_period\":\"day\"}");
        try (Gateway second = Gateway.start(Gateway.sharedDatabase(database), "SLUICE_SECRET_KEY=" + secretKey())) {
            List<Gateway> both = List.of(gateway, second);
            for (int day = 0; day < 3; day++) {
                assertThat(atOnce(both, token, 60)).as("served of the day's 30").isBetween(27L, 30L);
                gateway.calls(token, 60 * (day + 1));
                dayWas("tokens", token.id(), 1);
            }
        }
        assertThat(gateway.api("GET", "/reconciliation", null)
                        .json()
                        .path("balanced")
                        .asBoolean())
                .isTrue();
    }

    private static String secretKey() {
        try {
            return java.nio.file.Files.readString(gateway.dataDir().resolve("secret-key"))
                    .strip();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void settingAPeriodBeginsWithNothingUsed_andTakingItAwayCountsAllAgain() {
        NewToken token = gateway.token("{\"quota_usd\":0.01}");
        assertThat(List.of(status(token), status(token))).containsExactly(200, 429);
        gateway.calls(token, 2);
        String path = "/tokens/" + token.id();
        gateway.api("PATCH", path, "{\"quota_period\":\"month\",\"time_zone\":\"Asia/Kathmandu\"}")
                .expect(200);
        assertThat(counted(token)).isEqualTo("0");
        assertThat(List.of(status(token), status(token))).containsExactly(200, 429);
        gateway.calls(token, 4);
        gateway.api("PATCH", path, "{\"name\":\"renamed\"}").expect(200);
        assertThat(counted(token)).as("another field changes nothing of it").isEqualTo("0.01");
        JsonNode now = gateway.api("PATCH", path, "{\"quota_period\":null,\"quota_usd\":0.03}")
                .expect(200)
                .json();
        assertThat(now.path("period_used_usd").toString()).isEqualTo("0.02");
        assertThat(now.path("period_ends_at").isNull()).isTrue();
        assertThat(List.of(status(token), status(token))).containsExactly(200, 429);
    }

    @Test
    void wrongPeriodsAndZonesAreNamed() {
        Answer answer = gateway.api(
                        "POST", "/tokens", "{\"name\":\"x\",\"quota_period\":\"year\",\"time_zone\":\"Mars/Base\"}")
                .expect(400);
        assertThat(answer.json().path("errors").findValuesAsString("field"))
                .containsExactlyInAnyOrder("quota_period", "time_zone");
    }
}
