package dev.sluice.format;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/** The events that go to a caller next, as bytes. */
public final class Events {
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] EVENT = ascii("event: ");
    private static final byte[] END = ascii("\n\n");

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);

    void data(JsonNode json) {
        bytes.writeBytes(DATA);
        bytes.writeBytes(Fields.bytes(json));
        bytes.writeBytes(END);
    }

    void event(String name, JsonNode json) {
        bytes.writeBytes(EVENT);
        bytes.writeBytes(ascii(name));
        bytes.write('\n');
        data(json);
    }

    void raw(String text) {
        bytes.writeBytes(ascii(text));
    }

    /** All since the last time. */
    public byte[] taken() {
        byte[] all = bytes.toByteArray();
        bytes.reset();
        return all;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
