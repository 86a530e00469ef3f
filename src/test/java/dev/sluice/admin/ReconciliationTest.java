package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Whether the books balance; the same on every database. */
@ParameterizedClass
@MethodSource(Databases.ALL)
record ReconciliationTest(Databases database) {
    private static final String CALL =
            "{\"model\":\"priced\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private static Gateway gateway;
    private static ScriptedVendor vendor;
    private static Someone root;

    @BeforeParameterizedClassInvocation
    static void start(Databases database) {
        gateway = Gateway.shared(database);
        root = Someone.root(gateway);
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

    private static void sql(String sql) {
        gateway.bean(Database.class)
                .inTransaction(client -> client.sql(sql).fetch().rowsUpdated())
                .block();
    }

    @Test
    void theBooksBalance_alsoWhileCallsAreBooked() {
        NewToken token = gateway.token("{\"quota_usd\":100}");
        List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            calls.add(gateway.callAsync(token.key(), CALL));
            if (i % 20 == 0) {
                assertThat(root.reads("/reconciliation").toString()).isEqualTo("{\"balanced\":true,\"accounts\":[]}");
            }
        }
        calls.forEach(call -> call.join().expect(200));
        gateway.calls(token, 200);
        assertThat(root.reads("/reconciliation").path("balanced").asBoolean()).isTrue();
    }

    @Test
    void anAccountThatDiffersIsNamed_withBothSums() {
        NewToken token = gateway.token();
        gateway.call(token.key(), CALL).expect(200);
        gateway.calls(token, 1);
        sql("UPDATE tokens SET used_nanos = used_nanos + 1 WHERE id = " + token.id());
        JsonNode found = root.reads("/reconciliation");
        assertThat(found.path("balanced").asBoolean()).isFalse();
        assertThat(found.path("accounts").toString())
                .isEqualTo("[{\"kind\":\"token\",\"id\":" + token.id()
                        + ",\"used_usd\":0.010000001,\"ledger_usd\":0.01}]");
        sql("UPDATE tokens SET used_nanos = used_nanos - 1 WHERE id = " + token.id());
        assertThat(root.reads("/reconciliation").path("balanced").asBoolean()).isTrue();
    }
}
