package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What the books must say after anything that happened to a gateway. */
public final class Books {
    private Books() {}

    /** Every call is there, once, and every counter is the sum of its rows. */
    public static void hold(Gateway gateway, Set<String> answered) {
        List<String> booked = gateway.send(
                        "GET",
                        "/api/calls",
                        Map.of("Authorization", "Bearer " + Gateway.ADMIN_TOKEN, "Accept", "text/csv"),
                        null)
                .expect(200)
                .body()
                .lines()
                .skip(1)
                .map(line -> line.substring(0, line.indexOf(',')))
                .toList();
        assertThat(booked).doesNotHaveDuplicates();
        Set<String> missing = new HashSet<>(answered);
        booked.forEach(missing::remove);
        assertThat(missing).as("answered, but not in the books").isEmpty();
        JsonNode reconciliation =
                gateway.api("GET", "/reconciliation", null).expect(200).json();
        assertThat(reconciliation.path("balanced").asBoolean())
                .as(reconciliation.toString())
                .isTrue();
    }
}
