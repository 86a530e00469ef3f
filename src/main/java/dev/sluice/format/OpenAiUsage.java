package dev.sluice.format;

import dev.sluice.wire.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The usage object of OpenAI's forms, and of the many vendors that took it over, each with names of its own. */
public final class OpenAiUsage {
    private OpenAiUsage() {}

    /** @param completionExcludesReasoning whether the vendor does not count reasoning in its completion (a quirk of the catalog) */
    public static Usage of(JsonNode node, boolean completionExcludesReasoning) {
        if (node.path("type").asString("").equals("duration")) { // of a transcript that is paid by the minute
            return Usage.NONE.heard(Math.round(node.path("seconds").asDouble(0) * 1_000));
        }
        JsonNode promptDetails = first(node, "prompt_tokens_details", "input_tokens_details", "input_token_details");
        JsonNode completionDetails =
                first(node, "completion_tokens_details", "output_tokens_details", "output_token_details");
        long completion = Fields.count(first(node, "completion_tokens", "output_tokens"));
        long total = Fields.count(node.path("total_tokens"));
        JsonNode given = first(node, "prompt_tokens", "input_tokens");
        long prompt = given.isNumber() ? Fields.count(given) : Math.max(0, total - completion);
        if (completionExcludesReasoning && total > prompt) {
            completion = total - prompt;
        }
        long cached = Math.max(
                Fields.count(promptDetails.path("cached_tokens")),
                Math.max(Fields.count(node.path("cached_tokens")), Fields.count(node.path("prompt_cache_hit_tokens"))));
        return new Usage(
                prompt,
                cached,
                Fields.count(promptDetails.path("cache_write_tokens")),
                completion,
                Fields.count(completionDetails.path("reasoning_tokens")),
                kinds(promptDetails, completionDetails),
                false);
    }

    /** Audio and images, which most models do not have: {@code cached_tokens_details} is the realtime API's. */
    private static Usage.Kinds kinds(JsonNode prompt, JsonNode completion) {
        long audioPrompt = Fields.count(prompt.path("audio_tokens"));
        long imagePrompt = Fields.count(prompt.path("image_tokens"));
        long audioCompletion = Fields.count(completion.path("audio_tokens"));
        long imageCompletion = Fields.count(completion.path("image_tokens"));
        return audioPrompt + imagePrompt + audioCompletion + imageCompletion == 0
                ? Usage.Kinds.TEXT
                : new Usage.Kinds(
                        0,
                        audioPrompt,
                        Fields.count(prompt.path("cached_tokens_details").path("audio_tokens")),
                        imagePrompt,
                        audioCompletion,
                        imageCompletion);
    }

    /** The parts of prompt and completion, as {@link #of} reads them. */
    static void details(Usage usage, ObjectNode prompt, ObjectNode completion) {
        prompt.put("cached_tokens", usage.cached()).put("cache_write_tokens", usage.cacheWrite());
        completion.put("reasoning_tokens", usage.reasoning());
        Usage.Kinds kinds = usage.kinds();
        put(prompt, "audio_tokens", kinds.audioPrompt());
        put(prompt, "image_tokens", kinds.imagePrompt());
        if (kinds.audioCached() > 0) {
            prompt.putObject("cached_tokens_details").put("audio_tokens", kinds.audioCached());
        }
        put(completion, "audio_tokens", kinds.audioCompletion());
        put(completion, "image_tokens", kinds.imageCompletion());
    }

    private static void put(ObjectNode details, String name, long tokens) {
        if (tokens > 0) {
            details.put(name, tokens);
        }
    }

    private static JsonNode first(JsonNode node, String... names) {
        JsonNode found = node.path(names[0]);
        for (int i = 1; i < names.length && (found.isMissingNode() || found.isNull()); i++) {
            found = node.path(names[i]);
        }
        return found;
    }
}
