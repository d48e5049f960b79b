(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("figures").textContent);
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var config = { responsive: true, displaylogo: false, showSendToCloud: false };
  function template() { return dark.matches ? data.dark : data.light; }
  function draw(name) {
    var figure = data.figures[name];
    var layout = Object.assign({}, figure.layout, { template: template() });
    var shown = figure.data.length ? config : { responsive: true, staticPlot: true };
    if (window.innerWidth < 640) { // title, buttons and legend do not fit above the figure
      layout.legend = { orientation: "h", x: 0, xanchor: "left", y: -0.2, yanchor: "top" };
      shown = Object.assign({ displayModeBar: false }, shown);
    }
    return Plotly.newPlot(name, figure.data, layout, shown);
  }
  var names = Object.keys(data.figures);
  function next() {
    var name = names.shift();
    if (name === undefined) { document.documentElement.dataset.drawn = "yes"; return; }
    draw(name).then(function () { setTimeout(next, 0); });
  }
  dark.addEventListener("change", function () {
    Object.keys(data.figures).forEach(function (name) {
      Plotly.relayout(name, { template: template() });
    });
  });
  next();
})();
