package dev.sluice.vendor.bedrock;

import dev.sluice.vendor.Signer;
import io.netty.channel.EventLoop;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** AWS's signature of a request, version 4 (AWS, "Create a signed AWS API request"). */
final class Signature4 implements Signer {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String SERVICE = "bedrock";
    private static final String UNRESERVED = "-_.~/"; // beside letters and digits; the slash divides segments

    private final String accessKey;
    private final String secret;
    private final @Nullable String session;
    private final String region;
    private final Clock clock;

    Signature4(String accessKey, String secret, @Nullable String session, String region, Clock clock) {
        this.accessKey = accessKey;
        this.secret = secret;
        this.session = session;
        this.region = region;
        this.clock = clock;
    }

    @Override
    public Mono<Map<String, String>> headers(@Nullable EventLoop loop, String method, URI url, byte[] body) {
        return Mono.fromSupplier(() -> signed(method, url, body));
    }

    Map<String, String> signed(String method, URI url, byte[] body) {
        String time = TIME.format(clock.instant());
        TreeMap<String, String> headers = new TreeMap<>();
        headers.put("host", url.getPort() < 0 ? url.getHost() : url.getHost() + ":" + url.getPort());
        headers.put("x-amz-content-sha256", hash(body));
        headers.put("x-amz-date", time);
        if (session != null) {
            headers.put("x-amz-security-token", session);
        }
        String names = String.join(";", headers.keySet());
        StringBuilder request = new StringBuilder(method)
                .append('\n')
                .append(twice(url.getRawPath()))
                .append("\n\n");
        headers.forEach(
                (name, value) -> request.append(name).append(':').append(value).append('\n'));
        request.append('\n').append(names).append('\n').append(hash(body));
        String scope = time.substring(0, 8) + "/" + region + "/" + SERVICE + "/aws4_request";
        String toSign = ALGORITHM + "\n" + time + "\n" + scope + "\n"
                + hash(request.toString().getBytes(StandardCharsets.UTF_8));
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (String step : new String[] {time.substring(0, 8), region, SERVICE, "aws4_request"}) {
            key = hmac(key, step);
        }
        String signature = HexFormat.of().formatHex(hmac(key, toSign));
        headers.remove("host"); // the client sets it itself
        headers.put(
                "authorization",
                ALGORITHM + " Credential=" + accessKey + "/" + scope + ", SignedHeaders=" + names + ", Signature="
                        + signature);
        return headers;
    }

    /** The path stands there encoded, and is encoded once more: every service but S3 wants it so. */
    private static String twice(String path) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0);
            encoded.append(plain ? String.valueOf(c) : String.format("%%%02X", (int) c));
        }
        return encoded.toString();
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
