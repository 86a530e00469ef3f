package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.audio.AudioModel;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Recordings and pictures on their way up. */
@ExtendWith(NoLeaks.class)
class UploadsTest {
    private static final String HEARD =
            "{\"text\":\"Hello.\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":45,\"total_tokens\":59,"
                    + "\"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":14}}}";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        gateway.channel(vendor, "{\"model_mapping\":{\"ear\":\"vendors-ear-1\"}}");
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    /** Bytes among which lines begin as a boundary does. */
    private static byte[] recording(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        byte[] trap = "\r\n--xX\r\n--xXbOund\r\r\n".getBytes(StandardCharsets.ISO_8859_1);
        for (int at = 0; at + trap.length < size; at += 5_000) {
            System.arraycopy(trap, 0, bytes, at, trap.length);
        }
        return bytes;
    }

    private static byte[] form(String model, byte[] file, boolean modelFirst, String... more) {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        String named = "--xXbOundary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + model + "\r\n";
        if (modelFirst) {
            form.writeBytes(named.getBytes(StandardCharsets.UTF_8));
        }
        form.writeBytes(
                ("--xXbOundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a; name=\\\"model\\\" é.mp3\"\r\n"
                                + "Content-Type: audio/mpeg\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(file);
        form.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        for (String part : more) {
            form.writeBytes(part.getBytes(StandardCharsets.UTF_8));
        }
        if (!modelFirst) {
            form.writeBytes(named.getBytes(StandardCharsets.UTF_8));
        }
        form.writeBytes("--xXbOundary--\r\nand what follows".getBytes(StandardCharsets.UTF_8));
        return form.toByteArray();
    }

    private static String field(String name, String value) {
        return "--xXbOundary\r\ncontent-disposition: form-data; name=" + name + "\r\n\r\n" + value + "\r\n";
    }

    private RawCall post(NewToken token, String path, byte[] form) {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head(token, path, form.length));
        request.writeBytes(form);
        return RawCall.send(gateway.port(), request.toByteArray());
    }

    private static byte[] head(NewToken token, String path, int length) {
        return ("POST " + path + " HTTP/1.1\r\nhost: h\r\nconnection: close\r\nauthorization: Bearer " + token.key()
                        + "\r\ncontent-type: multipart/form-data; boundary=\"xXbOundary\"\r\ncontent-length: " + length
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "1000, true",
        "1000, false",
        "3000000, true",
        "3000000, false",
    })
    void changesTheModelAlone_whereverItStands_andBooksTheUsage(int size, boolean modelFirst) {
        vendor.answers(HEARD);
        NewToken token = gateway.token();
        byte[] file = recording(size);

        try (RawCall call = post(token, "/v1/audio/transcriptions", form("ear", file, modelFirst))) {
            call.readAll();
            assertThat(call.status()).isEqualTo(200);
            assertThat(call.body()).isEqualTo(HEARD);
        }

        VendorCall seen = vendor.nextCall();
        assertThat(seen.body()).isEqualTo(form("vendors-ear-1", file, modelFirst));
        assertThat(seen.headers().get("content-type")).isEqualTo("multipart/form-data; boundary=\"xXbOundary\"");
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("model").asString()).isEqualTo("ear");
        assertThat(row.path("endpoint").asString()).isEqualTo("audio/transcriptions");
        assertThat(row.path("prompt_tokens").asLong()).isEqualTo(14);
        assertThat(row.path("completion_tokens").asLong()).isEqualTo(45);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/audio/translations", "/v1/images/edits", "/v1/images/variations"})
    void servesEveryFormsPath(String path) {
        vendor.answers("{\"created\":1,\"data\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":100}}");
        NewToken token = gateway.token();

        try (RawCall call = post(token, path, form("ear", recording(100), true))) {
            call.readAll();
            assertThat(call.status()).isEqualTo(200);
        }

        assertThat(vendor.nextCall().path()).isEqualTo(path);
        assertThat(gateway.onlyCall(token).path("completion_tokens").asLong()).isEqualTo(100);
    }

    @Test
    void streamsATranscript_toItsLastEvent() {
        vendor.then(
                Script.pieces(200, "text/event-stream")
                        .send("data: {\"type\":\"transcript.text.delta\",\"delta\":\"Hel\"}\n\n")
                        .send(
                                "data: {\"type\":\"transcript.text.done\",\"text\":\"Hello.\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":45,\"total_tokens\":59}}\n\n"));
        NewToken token = gateway.token();

        try (RawCall call =
                post(token, "/v1/audio/transcriptions", form("ear", recording(100), true, field("stream", "true")))) {
            call.readAll();
            assertThat(call.body())
                    .contains("\"delta\":\"Hel\"", "transcript.text.done")
                    .doesNotContain("\"error\"");
        }

        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("stream").asBoolean()).isTrue();
        assertThat(row.path("completion_tokens").asLong()).isEqualTo(45);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 3_000_000})
    void streamsPictures_toTheirLastEvent(int size) {
        String picture = "A".repeat(size);
        vendor.then(Script.pieces(200, "text/event-stream")
                .send("data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA==\"}\n\n")
                .send("data: {\"type\":\"image_generation.completed\",\"b64_json\":\"" + picture
                        + "\",\"usage\":{\"input_tokens\":9,\"output_tokens\":100,\"total_tokens\":109}}\n\n"));
        NewToken token = gateway.token();

        String body = gateway.call(
                        "/v1/images/generations",
                        token.key(),
                        "{\"model\":\"ear\",\"prompt\":\"p\",\"stream\":true,\"partial_images\":1}")
                .expect(200)
                .body();

        assertThat(body)
                .contains("partial_image", "image_generation.completed", picture)
                .doesNotContain("\"error\"", "[DONE]");
        assertThat(gateway.onlyCall(token).path("completion_tokens").asLong()).isEqualTo(100);
    }

    /** The usage of whisper-1, what others tell with the words, and nothing: a second of WAV at 16 kHz. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json|{\"text\":\"Hi\",\"usage\":{\"type\":\"duration\",\"seconds\":3}}|0.0003|false",
                "application/json|{\"task\":\"transcribe\",\"duration\":2.5,\"text\":\"Hi\"}|0.00025|false",
                "application/json|{\"duration\":\"2.5\",\"text\":\"Hi\"}|0.00025|false",
                "text/plain|Hi|0.0001|true",
            })
    void pricesRecordings_byTheirLength(String type, String answer, String usd, boolean estimated) {
        gateway.price("ear-minutes", "{\"usd_per_minute\":0.006}");
        vendor.then(Script.whole(200, type, answer.getBytes(StandardCharsets.UTF_8)));
        NewToken token = gateway.token("{\"quota_usd\":1}");
        java.nio.ByteBuffer wav = java.nio.ByteBuffer.allocate(31_700).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF....WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(28, 32_000);

        try (RawCall call = post(token, "/v1/audio/transcriptions", form("ear-minutes", wav.array(), true))) {
            call.readAll();
            assertThat(call.status()).isEqualTo(200);
        }

        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("cost_usd").decimalValue()).isCloseTo(new BigDecimal(usd), Percentage.withPercentage(1));
        assertThat(row.path("estimated").asBoolean()).isEqualTo(estimated);
    }

    @Test
    void passesSubtitlesOn() {
        vendor.then(Script.whole(
                200, "text/plain; charset=utf-8", "1\n00:00 --> 00:01\nHi\n".getBytes(StandardCharsets.UTF_8)));
        NewToken token = gateway.token();

        try (RawCall call = post(
                token,
                "/v1/audio/transcriptions",
                form("ear", recording(100), true, field("response_format", "srt")))) {
            call.readAll();
            assertThat(call.status()).isEqualTo(200);
            assertThat(call.body()).contains("00:00 --> 00:01");
        }
        assertThat(gateway.onlyCall(token).path("status").asInt()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"1000, true", "3000000, false"})
    void sendsAgain_whatItStillHas(int size, boolean modelFirst) {
        ScriptedVendor other = ScriptedVendor.start();
        try (other) {
            gateway.channel(other, "{\"priority\":-1}");
            vendor.refuses(500, "{}");
            other.answers(HEARD);
            NewToken token = gateway.token();
            byte[] form = form("other-ear", recording(size), modelFirst);

            try (RawCall call = post(token, "/v1/audio/transcriptions", form)) {
                call.readAll();
                assertThat(call.status()).isEqualTo(200);
            }

            assertThat(other.nextCall().body()).isEqualTo(form);
            assertThat(gateway.onlyCall(token).path("attempts").asInt()).isEqualTo(2);
        }
    }

    @Test
    void triesNoOther_whenTheFormWentThrough() {
        ScriptedVendor other = ScriptedVendor.start();
        try (other) {
            gateway.channel(other, "{\"priority\":-1}");
            vendor.refuses(500, "{}");
            NewToken token = gateway.token();

            try (RawCall call = post(token, "/v1/audio/transcriptions", form("ear", recording(3_000_000), true))) {
                call.readAll();
                assertThat(call.status()).isEqualTo(502);
            }
            assertThat(other.calls()).isEmpty();
        }
    }

    @Test
    void refusesTwoModels_evenWhenTheFirstIsOnItsWay() {
        NewToken token = gateway.token();
        vendor.always(Script.json(200, HEARD));

        for (int size : new int[] {100, 3_000_000}) {
            try (RawCall call = post(
                    token, "/v1/audio/transcriptions", form("ear", recording(size), true, field("model", "dearer")))) {
                call.readAll();
                assertThat(call.status()).isEqualTo(400);
                assertThat(call.body()).contains("more than one 'model'");
            }
        }
    }

    @Test
    void refusesWhatIsNoForm() {
        NewToken token = gateway.token();
        String[] broken = {
            "", "--xXbOundary", "nothing", "--xXbOundary\r\n\r\n", field("file", "x"), field("model", "ear"),
        };
        for (String body : broken) {
            try (RawCall call = post(token, "/v1/audio/transcriptions", body.getBytes(StandardCharsets.UTF_8))) {
                call.readAll();
                assertThat(call.status()).describedAs(body).isEqualTo(400);
            }
        }
        try (RawCall call = post(
                token,
                "/v1/audio/transcriptions",
                (field("file", "x") + "--xXbOundary--\r\n").getBytes(StandardCharsets.UTF_8))) {
            call.readAll();
            assertThat(call.body()).contains("missing_required_parameter", "\"param\":\"model\"");
        }
        assertThat(vendor.calls()).isEmpty();
    }

    @Test
    void refusesAFormThatIsTooLarge() {
        try (RawCall call =
                RawCall.send(gateway.port(), head(gateway.token(), "/v1/audio/transcriptions", 64 * 1024 * 1024))) {
            call.readAll();
            assertThat(call.status()).isEqualTo(413);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endsTheVendorsCall_andGivesTheHoldBack_whenTheCallerLeavesInTheMiddle(boolean modelFirst) {
        gateway.price("ear", "{\"usd_per_call\":1}");
        NewToken token = gateway.token("{\"quota_usd\":1}");
        byte[] form = form("ear", recording(3_000_000), modelFirst);
        ByteArrayOutputStream half = new ByteArrayOutputStream();
        half.writeBytes(head(token, "/v1/audio/transcriptions", form.length));
        half.write(form, 0, form.length / 2);

        try (RawCall call = RawCall.send(gateway.port(), half.toByteArray())) {
            if (modelFirst) {
                await().atMost(Duration.ofSeconds(5)).until(() -> vendor.connectionsOpen() > 0);
            }
            call.reset();
        }

        await().atMost(Duration.ofSeconds(5)).until(() -> vendor.connectionsOpen() == 0);
        vendor.answers(HEARD);
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
            try (RawCall again = post(token, "/v1/audio/transcriptions", form("ear", recording(10), true))) {
                again.readAll();
                assertThat(again.status()).isEqualTo(200);
            }
        });
    }

    @Test
    void servesTheOfficialSdk() {
        vendor.answers(HEARD);
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(gateway.token().key())
                .build();

        String text = client.audio()
                .transcriptions()
                .create(TranscriptionCreateParams.builder()
                        .file(new ByteArrayInputStream(recording(50_000)))
                        .model(AudioModel.of("ear"))
                        .build())
                .asTranscription()
                .text();

        assertThat(text).isEqualTo("Hello.");
        assertThat(vendor.nextCall().text()).contains("vendors-ear-1");
    }
}
