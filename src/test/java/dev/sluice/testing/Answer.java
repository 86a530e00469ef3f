package dev.sluice.testing;

import java.net.http.HttpHeaders;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A whole answer of the gateway. */
public record Answer(int status, HttpHeaders headers, String body) {
    public @Nullable String header(String name) {
        return headers.firstValue(name).orElse(null);
    }

    public JsonNode json() {
        return Json.read(body);
    }

    /** The {@code error} object of an answer of the OpenAI API. */
    public JsonNode error() {
        return json().path("error");
    }

    /** This answer, or a failed test that shows what came instead. */
    public Answer expect(int expected) {
        if (status != expected) {
            throw new AssertionError("expected " + expected + ", got " + this);
        }
        return this;
    }

    @Override
    public String toString() {
        return status + " " + headers.map() + "\n" + body;
    }
}
