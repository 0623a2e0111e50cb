"""A play button beside a chart's slider: it moves the slider in the browser, without the server."""

import html

import streamlit as st

LOOK = """<style>
.st-key-{box} .vega-embed {{ display: flex; flex-direction: column-reverse; }}
.st-key-{box} .vega-bind label {{ display: flex; align-items: center; gap: .8rem; }}
.st-key-{box} .vega-bind input[type=range] {{ width: 420px !important; margin: 0; }}
.st-key-{box} .vega-bind input + span {{ display: none; }}
.st-key-{box} .play {{ font: inherit; font-size: .9rem; color: inherit; background: none;
  cursor: pointer; min-width: 6.5em; padding: .2em .8em; border-radius: 4px;
  border: 1px solid #8a8f98; }}
</style>"""
# Looks the slider up at each step, as a page that runs again may have drawn another.
_SCRIPT = """<button class="play" type="button">▶ Play</button>
<script>
(() => {{
  const button = document.querySelector('.st-key-{box} .play');
  const slider = () => document.querySelector('.st-key-{box} .vega-bind input[type=range]');
  let timer = null;
  const set = (at, value) => {{
    at.value = value; at.dispatchEvent(new Event('input', {{bubbles: true}}));
  }};
  const stop = () => {{ clearInterval(timer); timer = null; button.textContent = '▶ Play'; }};
  const step = () => {{
    const at = slider();
    if (!at || !button.isConnected || +at.value >= +at.max) return stop();
    set(at, +at.value + 1);
  }};
  button.onclick = () => {{
    if (timer) return stop();
    const at = slider();
    if (at && +at.value >= +at.max) set(at, 0);
    button.textContent = '❚❚ Pause';
    timer = setInterval(step, {pause});
  }};
}})();
</script>"""


def play_button(box: str, *, seconds: float, frames: int) -> None:
    """Plays the only slider in the container with the key `box` from end to end in `seconds`."""
    pause = max(60, round(1000 * seconds / max(frames, 1)))
    name = html.escape(box)
    st.html(LOOK.format(box=name) + _SCRIPT.format(box=name, pause=pause), width="content",
            unsafe_allow_javascript=True)  # fmt: skip
