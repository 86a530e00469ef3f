package dev.sluice.relay;

import dev.sluice.wire.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Writes an error as callers in OpenAI's format read it. */
final class ErrorBody {
    private static final JsonMapper JSON = JsonMapper.shared();

    private ErrorBody() {}

    static byte[] json(Refusal refusal) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", refusal.getMessage());
        error.put("type", refusal.reason().type);
        error.put("param", refusal.param());
        error.put("code", refusal.reason().code);
        return JSON.writeValueAsBytes(Map.of("error", error));
    }

    /** The last event of a stream that broke. */
    static ByteBuf event(Refusal refusal) {
        byte[] json = json(refusal);
        byte[] start = "data: ".getBytes(StandardCharsets.US_ASCII);
        byte[] end = "\n\n".getBytes(StandardCharsets.US_ASCII);
        return Unpooled.wrappedBuffer(start, json, end);
    }
}
