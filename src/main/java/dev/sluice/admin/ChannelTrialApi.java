package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.channel.Channel;
import dev.sluice.channel.Probe;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /api/channels/…/test}, {@code models} and {@code balance}: what a vendor says to a channel, also to one that is not saved yet. */
@RestController
@RequestMapping("/api/channels")
@Tag(name = "channels")
final class ChannelTrialApi {
    private final ChannelApi channels;
    private final ChannelForm form;
    private final Probe probe;
    private final Clock clock;

    ChannelTrialApi(ChannelApi channels, ChannelForm form, Probe probe, Clock clock) {
        this.channels = channels;
        this.form = form;
        this.probe = probe;
        this.clock = clock;
    }

    /** What a test call asks for. */
    @Schema(name = "ChannelTestAsk")
    record TestAsk(
            @Schema(description = "As the caller would name it; default: the channel's first") @Nullable
            String model,

            @Schema(defaultValue = "false") boolean stream) {}

    /** What became of a test call. */
    @Schema(name = "ChannelTest")
    record TestView(
            boolean ok,
            String model,
            @Nullable Integer status,
            @JsonProperty("latency_ms") long latencyMs,
            @JsonProperty("ttft_ms") @Nullable Long ttftMs,
            @Nullable String error,

            @Schema(description = "The first 200 characters of what the model said; null: no words") @Nullable
            String answer) {

        static TestView of(Probe.Result result) {
            return new TestView(
                    result.ok(),
                    result.model(),
                    result.status(),
                    result.latencyMs(),
                    result.ttftMs(),
                    result.error(),
                    result.answer());
        }
    }

    @PostMapping("/{id}/test")
    @Operation(
            summary = "Makes a smallest possible call, which is not metered",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = TestAsk.class))))
    Mono<TestView> test(@PathVariable String id, @RequestBody(required = false) byte @Nullable [] body) {
        boolean empty = body == null || body.length == 0;
        Fields fields = Fields.read(
                empty ? "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8) : body,
                Fields.JSON.createObjectNode(),
                Set.of("model", "stream"),
                Set.of());
        String model = fields.text("model", 200);
        boolean stream = fields.flag("stream", false);
        fields.check();
        return channels.find(id)
                .flatMap(channel -> probe.test(channel, model, stream))
                .map(TestView::of);
    }

    @PostMapping("/{id}/models")
    @Operation(summary = "The models that the vendor lists for this account")
    Mono<Map<String, List<String>>> models(@PathVariable String id) {
        return channels.find(id).flatMap(probe::models).map(names -> Map.of("models", names));
    }

    @PostMapping("/{id}/balance")
    @Operation(summary = "What the vendor says is left of this account, by its first key")
    Mono<Probe.Balance> balance(@PathVariable String id) {
        return channels.find(id).flatMap(probe::balance);
    }

    /** A channel that is not saved yet, and what to try it with. */
    @Schema(name = "ChannelDraft")
    record Unsaved(
            @Schema(description = "As for POST; with the id of a channel and without keys, that channel's keys")
            ChannelApi.View channel,

            @Schema(description = "As the caller would name it; default: the channel's first") @Nullable
            String model,

            @Schema(defaultValue = "false") boolean stream) {}

    @PostMapping(path = "/test", consumes = "application/json")
    @Operation(
            summary = "Tries a channel before it is saved, as /{id}/test does",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Unsaved.class))))
    Mono<TestView> testDraft(@RequestBody byte[] body) {
        Fields fields =
                Fields.read(body, Fields.JSON.createObjectNode(), Set.of("channel", "model", "stream"), Set.of());
        String model = fields.text("model", 200);
        boolean stream = fields.flag("stream", false);
        fields.check();
        return draft(fields.raw("channel"))
                .flatMap(channel -> probe.test(channel, model, stream))
                .map(TestView::of);
    }

    @PostMapping(path = "/models", consumes = "application/json")
    @Operation(
            summary = "The models that the vendor lists, for a channel that is not saved yet",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Unsaved.class))))
    Mono<Map<String, List<String>>> modelsOfDraft(@RequestBody byte[] body) {
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), Set.of("channel"), Set.of());
        return draft(fields.raw("channel")).flatMap(probe::models).map(names -> Map.of("models", names));
    }

    /** What is not filled in yet is no fault of a draft: name and models may be absent or empty. */
    private Mono<Channel> draft(JsonNode given) {
        ObjectNode filled = Fields.JSON.createObjectNode().put("name", "draft");
        filled.putArray("models").add("*");
        ObjectNode draft = given instanceof ObjectNode object ? object : Fields.JSON.createObjectNode();
        if (draft.path("name").asString("").isBlank()) {
            draft.remove("name");
        }
        if (draft.path("models").isEmpty()) {
            draft.remove("models");
        }
        byte[] json = Fields.JSON.writeValueAsBytes(draft);
        Fields fields = Fields.read(json, filled, ChannelForm.WRITABLE, ChannelForm.READ_ONLY);
        long id = draft.path("id").asLong(0);
        if (fields.has("keys") || id == 0) {
            return Mono.just(form.channel(fields, 0, List.of(), clock.millis()));
        }
        return channels.find(Long.toString(id)).map(saved -> form.channel(fields, 0, saved.keys(), clock.millis()));
    }
}
