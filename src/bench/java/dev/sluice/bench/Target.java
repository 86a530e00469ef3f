package dev.sluice.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Where the load goes: a port of the loopback address, and the credential it shows there. */
record Target(String name, int port, String key) {
    private static final String MESSAGES =
            "\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},{\"role\":\"user\",\"content\":\"Hello!\"}]";

    ByteBuf plainRequest() {
        return request("{\"model\":\"bench\"," + MESSAGES + ",\"max_tokens\":64}");
    }

    ByteBuf streamRequest(int chunks, int intervalMillis) {
        return request("{\"model\":\"bench\",\"stream\":true," + MESSAGES + ",\"max_tokens\":64,\"bench_chunks\":" + chunks
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
