"use strict";
document.documentElement.classList.add("scripted"); // without a script the browser's own players stay

const figures = [...document.querySelectorAll("figure")];
let turn = []; // figures still to be played by "play all"

function soundOf(figure) { return figure.querySelector("audio"); }

function show(figure) {
  const audio = soundOf(figure), seek = figure.querySelector(".seek");
  seek.value = audio.currentTime;
  figure.querySelector(".sound").style.setProperty("--at", Math.min(1, audio.currentTime / seek.max));
}

function play(figure) {
  for (const other of figures) if (other !== figure) soundOf(other).pause();
  soundOf(figure).play();
}

for (const figure of figures) {
  const audio = soundOf(figure), button = figure.querySelector(".play"), seek = figure.querySelector(".seek");
  const name = button.getAttribute("aria-label");
  function frame() { show(figure); if (!audio.paused) requestAnimationFrame(frame); }
  button.addEventListener("click", () => { turn = []; audio.paused ? play(figure) : audio.pause(); });
  audio.addEventListener("play", () => {
    figure.classList.add("playing", "heard");
    button.setAttribute("aria-label", name.replace("Play", "Pause"));
    frame();
  });
  audio.addEventListener("pause", () => {
    figure.classList.remove("playing");
    button.setAttribute("aria-label", name);
  });
  audio.addEventListener("ended", () => { audio.currentTime = 0; show(figure); if (turn.length) play(turn.shift()); });
  seek.addEventListener("input", () => {
    figure.classList.add("heard");
    audio.currentTime = seek.value;
    figure.querySelector(".sound").style.setProperty("--at", seek.value / seek.max);
  });
}

for (const button of document.querySelectorAll(".all")) {
  button.addEventListener("click", () => {
    turn = [...button.closest("li").querySelectorAll("figure")];
    for (const figure of turn) soundOf(figure).currentTime = 0;
    play(turn.shift());
  });
}

const metric = document.getElementById("metric"), order = document.getElementById("order");
const list = document.getElementById("sentences"), status = document.getElementById("status");

function sort() {
  const name = metric.value, worstFirst = order.value === "worst";
  const key = (item) => name ? JSON.parse(item.dataset.distance)[name] : Number(item.dataset.number);
  const items = [...list.children].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return (x === null) - (y === null); // without a value: last, either way
    return name && worstFirst ? y - x : name ? x - y : x - y;
  });
  list.append(...items);
  order.disabled = !name;
  for (const cell of list.querySelectorAll("[data-metric]"))
    cell.classList.toggle("sorted", cell.dataset.metric === name);
  status.textContent = `Sorted by ${metric.selectedOptions[0].text}${name ? ", " + order.selectedOptions[0].text : ""}`;
}
metric.addEventListener("change", sort);
order.addEventListener("change", sort);
sort();
