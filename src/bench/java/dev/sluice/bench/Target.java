package dev.sluice.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Where the load goes: a port of the loopback address, and the credential it shows there.
 *
 * @param model that plain calls ask for
 * @param fields that their body has beside the usual ones, each with a comma in front
 */
record Target(String name, int port, String key, boolean translated, String model, String fields) {
    /** The model that is asked of channels with limits, by calls that stay together. */
    static final String GUARDED = "guarded";

    /** At the vendor that passes. */
    Target(String name, int port, String key) {
        this(name, port, key, false, "bench", "");
    }

    /** The same proxy, with a vendor of another form behind it. */
    Target translated(String under) {
        return new Target(under, port, key, true, model, fields);
    }

    /** The same proxy, asked for a model whose channels have limits and whose calls stay together. */
    Target guarded() {
        return new Target(name, port, key, false, GUARDED, ",\"prompt_cache_key\":\"bench\"");
    }

    /** The same proxy, with a vendor that takes its time. */
    Target slow(int millis) {
        return new Target(name, port, key, false, model, ",\"bench_delay_ms\":" + millis);
    }

    /** Of a whole stream: the chunks, the finish and the end mark; and the role, where it is an event of its own. */
    int events(int chunks) {
        return chunks + (translated ? 3 : 2);
    }

    private static final String MESSAGES =
            "\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},{\"role\":\"user\",\"content\":\"Hello!\"}]";

    ByteBuf plainRequest() {
        return request("{\"model\":\"" + model + "\"," + MESSAGES + ",\"max_tokens\":64" + fields + "}");
    }

    ByteBuf streamRequest(int chunks, int intervalMillis) {
        // A translation leaves out what no form knows: there the model says it.
        String model = translated ? MockVendor.OTHER_FORM + "-" + chunks + "-" + intervalMillis : "bench";
        return request("{\"model\":\"" + model + "\",\"stream\":true," + MESSAGES + ",\"max_tokens\":64,\"bench_chunks\":" + chunks
                + ",\"bench_interval_ms\":" + intervalMillis + "}");
    }

    private ByteBuf request(String json) {
        byte[] bytes = ("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nAuthorization: Bearer " + key
                        + "\r\nContent-Type: application/json\r\nAccept: */*\r\nUser-Agent: bench\r\nContent-Length: "
                        + json.length() + "\r\n\r\n" + json)
                .getBytes(UTF_8);
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer(bytes.length).writeBytes(bytes));
    }
}
