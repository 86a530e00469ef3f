package dev.sluice.relay;

import java.util.List;

/** What a caller made of an answer, in words that all forms share. */
record Heard(
        String text,
        String thinking,
        List<Called> calls,
        String stop,
        long promptTokens,
        long cachedTokens,
        long completionTokens) {

    /** A tool call: its arguments as JSON in one spelling. */
    record Called(String name, String arguments) {}
}
